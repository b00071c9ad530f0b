"""Fixtures of other folders that these tests use: a node on disk, and connected peers."""

from tests.unit.node.conftest import alone
from tests.unit.node.p2p.conftest import consortium, founded, run

__all__ = ["alone", "consortium", "founded", "run"]
