"""The author's kit: a whole ledger in this process, for tests of contracts and for what-if.

It runs the node's own operations, limits and contract engine, with no process, socket or disk, so
a test takes milliseconds, and coverage and pdb see the lines of the contract.
"""
