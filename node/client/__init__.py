"""The Python client of the API.

`AsyncClient` signs, submits, waits and reads through any of several nodes. A time-out never means
failure: it raises `NotFinal` with the id to ask for again.
"""

from node.client.client import AsyncClient
from node.client.errors import NotFinal, Unreachable
from node.client.events import StreamEvent
from node.client.reads import VerifiedTwin

__all__ = ["AsyncClient", "NotFinal", "StreamEvent", "Unreachable", "VerifiedTwin"]
