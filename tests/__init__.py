"""The tests of Veritwin; docs/HACKING.md says which kind belongs where."""
