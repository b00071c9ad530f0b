"""Random contracts, by the engine and by plain CPython: both must come to the same."""
