"""Views of the state as it is stored: nodes of its trees."""

from typing import Annotated

from msgspec import Meta

from node.api.views.common import View


class StateNodeView(View, frozen=True, kw_only=True):
    """A node of a state tree.

    An inner node has the hashes of its sixteen `children`, null for those that are empty. A leaf
    has the `key` in hex, the `path`, which is the hash of the key, and the `value_hash`; `text` is
    the key for people, and `value` the value in base64, where it is kept.
    """

    kind: str
    children: Annotated[list[str | None], Meta(min_length=16, max_length=16)] | None = None
    path: str | None = None
    value_hash: str | None = None
    key: str | None = None
    text: str | None = None
    value: str | None = None
