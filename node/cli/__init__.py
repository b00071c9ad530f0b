"""The `veritwin` command: what members, partners and auditors type.

`main.py` is the tree of commands; a command's module is imported only when it runs, so that help
is quick. Results go to standard output, messages to standard error, errors have four lines.
"""
