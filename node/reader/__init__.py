"""Answers from the disk: every read-only question of the API, the command line and the explorer.

`Reader` joins the parts: blocks and transactions, twins, records, series and proofs. Every
question has a bound on the rows it reads; a list that stops early gives a cursor.
"""

from node.reader.reader import Reader

__all__ = ["Reader"]
