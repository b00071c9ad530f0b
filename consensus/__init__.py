"""In which order things happen: pure engines that turn events into effects.

An engine never waits, reads a clock or sends a byte. `handle(event)` returns what has to be done,
strictly in that order: what must be durable comes before what is said. Read `engine.py`, then
`bft/rules.py`, which is Tendermint's pseudo-code line by line, or `raft/rules.py`, which holds the
rules of Raft by their sections. `switch.py` runs the one that the committee of a height names.
"""
