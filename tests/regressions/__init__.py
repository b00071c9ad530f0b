"""Bugs that others really had, each tried on this chain; docs/TESTING.md has the list."""
