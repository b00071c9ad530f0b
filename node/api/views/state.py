"""Views of the state as it is stored: nodes of its trees."""

from node.api.views.common import View


class StateNodeView(View, frozen=True, kw_only=True):
    """A node of a state tree.

    An inner node has the hashes of its children `left` and `right`. A leaf has the `key` in hex,
    the `path`, which is the hash of the key, and the `value_hash`; `text` is the key for people,
    and `value` the value in base64, where it is kept.
    """

    kind: str
    left: str | None = None
    right: str | None = None
    path: str | None = None
    value_hash: str | None = None
    key: str | None = None
    text: str | None = None
    value: str | None = None
