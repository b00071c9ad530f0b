"""Which tests run with which engine: in the short run, most of them with one only."""

import pytest

each_engine = pytest.mark.parametrize("engine", ["bft", "raft"])
raft_in_long = pytest.mark.parametrize(
    "engine", ["bft", pytest.param("raft", marks=pytest.mark.long)]
)
