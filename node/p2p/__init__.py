"""Peers: mutual TLS pinned to the validator set, capped frames, budgets and back-off.

`Network` is the only class the runtime needs. Frames are opaque bytes here; what they mean is the
replica's matter.
"""
