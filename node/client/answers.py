"""What nodes answer, typed; fields that a newer node adds are ignored."""

from typing import Literal

from msgspec import Struct

State = Literal["received", "ordered", "final", "rejected", "expired"]


class TransactionStatus(Struct, frozen=True):
    """Where a transaction is on its way.

    `id` is hex; `height` is None while no block holds it; `code` is "ok" or the catalogue code of
    why it had no effect, None while that is open.
    """

    id: str
    state: State
    height: int | None = None
    code: str | None = None
    detail: str | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the state can no longer change."""
        return self.state in ("final", "rejected", "expired")


class Batch(Struct, frozen=True):
    """The answer to several transactions at once, in their order."""

    items: tuple[TransactionStatus, ...]


class ChainInfo(Struct, frozen=True):
    """What the client needs of `/v1/status`."""

    chain_id: str
    genesis: str
    height: int
    node: str
    organisation: str


class Problem(Struct, frozen=True):
    """An RFC 9457 problem document."""

    code: str = ""
    title: str = ""
    why: str = ""
    detail: str = ""
    status: int = 0
    tx_id: str | None = None
