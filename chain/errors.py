"""The error tree: each class says whose fault it is, each instance carries a code and values.

    ChainError
    |-- InvalidInput    the caller sent something that can never be right
    |-- Refused         well formed, but the rules or the state say no
    |-- Busy            right, but not now: a limit is reached
    |-- ContractError   a contract stopped, deterministically; goes into the receipt
    |-- PeerFault       another node broke the protocol: disconnect it
    `-- Corruption      our own disk lies to us: stop

Codes and their texts stand in `chain/catalogue.py`.
"""

from chain.catalogue import CATALOGUE
from chain.catalogue_entry import Entry


class ChainError(Exception):
    """A failure with a catalogue code and the values that explain it.

    Args: code: a key of `CATALOGUE`, such as "VT-2003"; values: fill the entry's `why`.
    """

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(f"{code}: {self.why}")

    @property
    def entry(self) -> Entry:
        """The catalogue entry of this error."""
        return CATALOGUE[self.code]

    @property
    def why(self) -> str:
        """The cause in one sentence, with this error's values filled in."""
        shown = {
            key: value.hex() if isinstance(value, bytes) else value
            for key, value in self.values.items()
        }
        return self.entry.why.format(**shown)


class InvalidInput(ChainError):
    """The caller sent something that can never be right."""


class Refused(ChainError):
    """The request is well formed, but the rules or the present state say no."""


class Busy(ChainError):
    """A limit is reached; the same request may succeed later."""


class ContractError(ChainError):
    """A contract stopped deterministically; every node records the same result."""


class PeerFault(ChainError):
    """Another node broke the protocol."""


class Corruption(ChainError):
    """What this node stored is damaged; it stops rather than answer wrongly."""
