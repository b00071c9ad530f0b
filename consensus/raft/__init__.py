"""Raft with one entry: the log is the chain, and at most one entry is not committed yet.

Start at `rules.py`, which holds each rule of the thesis ("Consensus: Bridging Theory and Practice",
Diego Ongaro, 2014) with its section, then `core.py`. Raft stands members that crash, not members
that lie.
"""
