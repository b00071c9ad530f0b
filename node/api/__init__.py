"""The HTTP API of a node, version 1.

`make_app` builds it around an `ApiContext`, `ApiServer` serves it. Errors become problem documents
in `problems.py` and nowhere else; the Structs in `views` are the answers.
"""

from node.api.app import make_app
from node.api.context import ApiContext, NodeStatus, PeerState
from node.api.server import ApiServer

__all__ = ["ApiContext", "ApiServer", "NodeStatus", "PeerState", "make_app"]
