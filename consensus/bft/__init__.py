"""Tendermint, as in arXiv 1807.04938, Algorithm 1: start at `rules.py`, then `core.py`."""
