"""What the ledger must know of an accepted contract without starting an interpreter."""

from __future__ import annotations

from typing import Literal

import msgspec

from chain.hashing import hash_tagged
from contracts.conditions import Condition


class Parameter(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A parameter of a handler; `type` is its annotation as written, "" when there is none."""

    name: str
    type: str
    required: bool


class CallHandler(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A function that the operation `call` may invoke; `summary` is its docstring's first line."""

    name: str
    parameters: tuple[Parameter, ...]
    summary: str


class UpdateTrigger(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A function that runs when a twin of `model` gets a reading of one of `properties`.

    With `conditions`, only when a reading passes one of them. The ledger keeps the last `history`
    readings of each of these properties.
    """

    name: str
    model: str
    properties: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    history: int = 0

    def wakes_on(self, model: str, properties: frozenset[str]) -> bool:
        """Say whether accepted readings of these properties of a twin of this model wake it."""
        return self.model == model and not properties.isdisjoint(self.properties)


class UpgradeHandler(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A function that takes over the state that version `from_version` left."""

    name: str
    from_version: int


WakeKind = Literal["attestation", "action", "timer"]


class WakeHandler(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A function that runs when something else than readings happens.

    That is: a statement of type `about`, a change of an own action, an own timer.
    """

    name: str
    kind: WakeKind
    about: str = ""


class Manifest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The outside of a contract: who may call what, what wakes it, which state it keeps.

    `engine` names language and gas table; `summary` is the first line of the contract's docstring;
    `initial` is the handler that deployment runs, or "".
    """

    engine: str
    source_hash: bytes
    summary: str
    calls: tuple[CallHandler, ...]
    triggers: tuple[UpdateTrigger, ...]
    initial: str
    variables: tuple[str, ...]
    maps: tuple[str, ...]
    upgrades: tuple[UpgradeHandler, ...] = ()
    wakes: tuple[WakeHandler, ...] = ()

    def upgrade(self, version: int) -> UpgradeHandler | None:
        """Find the handler that takes over the state of a version."""
        return next((one for one in self.upgrades if one.from_version == version), None)

    def wake(self, kind: WakeKind) -> WakeHandler | None:
        """Find the handler of the contract's own actions, or of its timers."""
        return next((handler for handler in self.wakes if handler.kind == kind), None)

    def call(self, name: str) -> CallHandler | None:
        """Find a call handler by its name."""
        return next((handler for handler in self.calls if handler.name == name), None)


def compute_source_hash(source: str) -> bytes:
    """Hash a contract's source; the id under which executors keep compiled code."""
    return hash_tagged("contract-source", source.encode("utf-8", "surrogatepass"))


def read_hints(manifest: Manifest, twin: str = "") -> tuple[str, ...]:
    """Guess the state keys that a handler reads: every Var, and each Map's entry for the twin."""
    maps = tuple(f"{name}/{twin}" for name in manifest.maps) if twin else ()
    return manifest.variables + maps
