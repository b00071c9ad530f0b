"""`python -m node` is the `veritwin` command."""

from node.cli.main import main

main()
