"""Stories: commands and the full trace that four engines answer them with.

`python -m pytest tests/scenarios --rewrite` writes the traces anew. Read the difference, and
commit it only when you understand each line of it.
"""
