"""The simulator: whole nodes, a fake network, fake disks, and one seed for all that happens.

`world.py` holds the heap of what happens next and the machines; `network.py`, `disk.py`,
`process.py`, `clock.py` and `byzantine.py` are what can go wrong with them; `faults.py` draws from
the seed what does. `workload.py` are the clients, `checkers/` watch, `run.py` is one run.
"""
