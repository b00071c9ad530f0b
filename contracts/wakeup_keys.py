"""Where in the state it stands what contracts wait for, and what they were consented to.

These keys go on where `contracts.state_keys` ends; the same rules hold.

    attestation-trigger/<type>                    TriggerRecord: contracts that such statements wake
    timer/<contract>/<name>                       its time in the list of what is due, 8 bytes
    timer-count/<contract>                        how many of its timers are set, 8 bytes
    due/<time><32 bytes>                          DueRecord: a timer or a deadline, in order of time
    rang                                          height of the block in which something rang last
    untold/<contract>/<32 bytes>                  an action that was overdue during a pause: its id
    history/<twin>/<property>                     HistoryRecord: its last readings
    consent/<organisation>/<contract>/<32 bytes>  ConsentRecord, for the source of this hash
"""

from typing import Final

from chain.hashing import hash_tagged
from chain.scalars import Hash, OrganisationId, TwinId, UnixMillis, to_bytes

RANG: Final = b"rang"


def attestation_trigger_key(predicate_type: str) -> bytes:
    """Give the key of the TriggerRecord of a type of statements."""
    return b"attestation-trigger/" + predicate_type.encode()


def timer_key(contract: str, name: str) -> bytes:
    """Give the key that holds when a contract's timer is due."""
    return timers_prefix(contract) + name.encode()


def timers_prefix(contract: str) -> bytes:
    """Give the prefix of all timers of a contract that are set."""
    return b"timer/" + contract.encode() + b"/"


def timer_count_key(contract: str) -> bytes:
    """Give the key that holds how many timers of a contract are set."""
    return b"timer-count/" + contract.encode()


def due_prefix() -> bytes:
    """Give the prefix of all that is due some time."""
    return b"due/"


def due_from(time_ms: UnixMillis) -> bytes:
    """Give where that begins what is due at `time_ms` or later."""
    return due_prefix() + to_bytes(time_ms)


def due_timer_key(time_ms: UnixMillis, contract: str, name: str) -> bytes:
    """Give the key of a timer among all that is due."""
    return due_from(time_ms) + hash_tagged("timer", contract.encode(), name.encode())


def due_action_key(time_ms: UnixMillis, action: Hash) -> bytes:
    """Give the key of an action's deadline among all that is due."""
    return due_from(time_ms) + action


def untold_prefix(contract: str) -> bytes:
    """Give the prefix of what a contract was not told since it was paused."""
    return b"untold/" + contract.encode() + b"/"


def untold_key(contract: str, action: Hash) -> bytes:
    """Give the key that says a contract was not told yet that its action is overdue."""
    return untold_prefix(contract) + action


def history_key(twin: TwinId, name: str) -> bytes:
    """Give the key of the HistoryRecord of a property."""
    return b"history/" + twin.encode() + b"/" + name.encode()


def consents_prefix(organisation: OrganisationId) -> bytes:
    """Give the prefix of what an organisation consented to."""
    return b"consent/" + organisation.encode() + b"/"


def consent_key(organisation: OrganisationId, contract: str, source_hash: Hash) -> bytes:
    """Give the key of a ConsentRecord."""
    return consents_prefix(organisation) + contract.encode() + b"/" + source_hash
