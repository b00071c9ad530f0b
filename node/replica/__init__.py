"""The whole node without its machine: consensus, mempool, execution, catch-up and gossip, pure.

`Replica.handle(event) -> list[Effect]` is the only door. Clock, disk, sockets and chance enter as
events and leave as effects, so the same code runs in a node and under a simulator. Start at
`replica.py`; `transition.py` says what a block does.
"""
