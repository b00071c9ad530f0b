"""The ledger as a running contract sees it: `contracts.executor.Host` over an overlay.

A contract reads and writes its own keys only, reads any twin, and opens actions. What it asks for
wrongly (an unknown twin, a name that is no name) does not raise inside the executor, where it
would cut off a worker in the middle of its work: the host keeps the first such error in `failure`,
and `contracts.invocations` fails the whole invocation with it when the handler has ended.
"""

import re
from typing import Final

from msgspec.structs import replace

from chain.errors import ChainError, InvalidInput, Refused
from chain.receipt import Event
from chain.scalars import (
    HEIGHT_MAX,
    NAME_PATTERN,
    Hash,
    OrganisationId,
    TwinId,
    UnixMillis,
    to_bytes,
)
from chain.values import Value, encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.executor import ActionRequest
from contracts.native.actions import open_action
from contracts.native.attestations import describe_attestation
from contracts.native.consent import has_consent
from contracts.native.histories import get_history
from contracts.native.timers import set_timer
from contracts.records import ActionCause, AttestationRecord, ContractRecord, TwinRecord
from contracts.state import Overlay

CONTRACT_KEY_SIZE_MAX: Final = 512
CONTRACT_VALUE_SIZE_MAX: Final = 65_536
EVENTS_MAX: Final = 256
"""Most events of one invocation."""
EVENT_SIZE_MAX: Final = 16_384
ACTION_TEXT_SIZE_MAX: Final = {"key": 128, "title": 256}
ACTION_DETAILS_SIZE_MAX: Final = 16_384

STATEMENTS_SIZE_MAX: Final = 1 << 20
_NAME_SIZE_MAX: Final = 64
_is_name: Final = re.compile(NAME_PATTERN).fullmatch


class LedgerHost:
    """State and actions for one invocation of one contract.

    Args: contract, handler: who runs; cause: what actions that it opens are put down to; context:
    the transaction; overlay: where writes go, inside the savepoint of the invocation.
    """

    def __init__(
        self,
        contract: ContractRecord,
        handler: str,
        cause: ActionCause | None,
        context: TransactionContext,
        overlay: Overlay,
    ) -> None:
        self.contract = contract
        self._handler = handler
        self._cause = cause
        self._context = context
        self._overlay = overlay
        self._prefix = state_keys.contract_state_prefix(contract.name)
        self.events: list[Event] = []
        self.failure: ChainError | None = None

    def source(self, source_hash: bytes) -> str:
        """Give the contract's source; asked only while the executor does not know it."""
        data = self._overlay.get(state_keys.contract_source_key(source_hash))
        assert data is not None, "a deployed contract's source is in the state"
        return data.decode()

    def get(self, key: str) -> bytes | None:
        """Read one key of the contract; None when absent."""
        full_key = self._to_key(key)
        return None if full_key is None else self._overlay.get(full_key)

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key of the contract; None deletes."""
        full_key = self._to_key(key)
        if full_key is None:
            return
        if value is None:
            self._overlay.delete(full_key)
        elif len(value) > CONTRACT_VALUE_SIZE_MAX:
            self._fail(InvalidInput("VT-1203", size=len(value), limit=CONTRACT_VALUE_SIZE_MAX))
        else:
            self._overlay.put(full_key, value)

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read up to `limit` pairs with start <= key < stop, in ascending order of key."""
        first, last = self._to_key(start), self._to_key(stop)
        if first is None or last is None:
            return []
        size = len(self._prefix)
        pairs = self._overlay.range(first, last, limit)
        return [(key[size:].decode(), value) for key, value in pairs]

    def twin(self, twin_id: str) -> bytes | None:
        """Give a twin as an encoded dict; None when unknown.

        Properties that were never measured are left out.
        """
        record = self._get_twin(twin_id)
        if record is None:
            return None
        properties = {
            one.definition.name: {
                "value": one.last.value,
                "time_ms": one.last.time_ms,
                "unit": one.definition.unit,
                "quality": one.last.quality,
                "sequence": one.last.sequence,
            }
            for one in record.properties
            if one.last is not None
        }
        return encode_value(
            {
                "id": record.id,
                "model": record.model,
                "owner": record.owner,
                "properties": properties,
            }
        )

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Give the last readings of a property that are kept, oldest first."""
        twin = self._get_twin(twin_id)
        if twin is None or not is_short_name(name):
            return encode_value([])
        found = get_history(twin.id, name, self._overlay)[-limit:]
        rows: list[Value] = [
            [one.property, one.value, one.time_ms, one.unit, one.quality, one.sequence]
            for one in found
        ]
        return encode_value(rows, STATEMENTS_SIZE_MAX)

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Give statements about a twin from height `since` on, in their order."""
        found = []
        twin = self._get_twin(twin_id)
        if twin is not None:
            start = state_keys.twin_attestations_prefix(twin.id)
            _, stop = state_keys.prefix_range(start)
            pairs = self._overlay.range(start + to_bytes(since), stop, limit)
            for _, name in pairs:
                key = state_keys.attestation_key(Hash(name))
                record = self._overlay.get_record(key, AttestationRecord)
                assert record is not None, "what is listed is there"
                found.append(describe_attestation(record, twin))
        return encode_value(found, STATEMENTS_SIZE_MAX)

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event of the contract; `payload` is an encoded value."""
        if not is_short_name(name):
            self._refuse_request(f"{_shown(name)} is not a name for an event")
        elif len(payload) > EVENT_SIZE_MAX:
            self._fail(InvalidInput("VT-1203", size=len(payload), limit=EVENT_SIZE_MAX))
        elif len(self.events) >= EVENTS_MAX:
            self._refuse_request(f"it emits more than {EVENTS_MAX} events at once")
        else:
            subject = self._cause.twin if self._cause is not None else ""
            self.events.append(Event(self.contract.name, name, subject, payload))

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Set a timer of the contract, or cancel it.

        What is past is due now, behind what was due before: else a contract whose timers are due
        since long ago, each time anew, would keep those of all others from ever ringing.
        """
        if not is_short_name(name):
            self._refuse_request(f"{_shown(name)} is not a name for a timer")
        elif due_ms is not None and not 0 <= due_ms <= HEIGHT_MAX:
            self._refuse_request("a timer is set to what is no time")
        else:
            now = self._context.block.time_ms
            due = None if due_ms is None else UnixMillis(max(due_ms, now))
            try:
                set_timer(self.contract.name, name, due, self._overlay)
            except InvalidInput as error:
                self._fail(error)

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action and give its id in hex.

        Returns: None when the contract has an unfinished one with this key at this twin already,
        or when the request is wrong and the invocation will fail.
        """
        if self.failure is not None:
            return None
        try:
            self._check_request(request)
            twin = self._get_twin(request.twin)
            if twin is None:
                raise Refused("VT-2020", twin=_shown(request.twin))
            if not has_consent(self.contract, twin.owner, self._overlay):
                raise Refused(
                    "VT-2080", contract=self.contract.name, twin=twin.id, owner=twin.owner
                )
            cause = self._cause or ActionCause(self._context.transaction.id, twin.id, None, None)
            if not cause.twin:  # A timer is about no twin.
                cause = replace(cause, twin=twin.id)
            opened = open_action(
                request, twin, self.contract, self._handler, cause, self._context, self._overlay
            )
        except (InvalidInput, Refused) as error:
            self._fail(error)
            return None
        if opened is None:
            return None
        action, event = opened
        self.events.append(event)
        return action.id.hex()

    def _get_twin(self, twin_id: str) -> TwinRecord | None:
        if _size_of(twin_id) is None:
            return None
        return self._overlay.get_record(state_keys.twin_key(TwinId(twin_id)), TwinRecord)

    def _check_request(self, request: ActionRequest) -> None:
        if not is_short_name(request.kind):
            raise InvalidInput("VT-2054", reason=f"{_shown(request.kind)} is not a kind of action")
        for name, limit in ACTION_TEXT_SIZE_MAX.items():
            size = _size_of(getattr(request, name))
            if size is None or not 1 <= size <= limit:
                raise InvalidInput("VT-2054", reason=f"its {name} has 1 to {limit} bytes of text")
        if len(request.details) > ACTION_DETAILS_SIZE_MAX:
            raise InvalidInput("VT-1203", size=len(request.details), limit=ACTION_DETAILS_SIZE_MAX)
        if request.deadline_ms is not None and not 0 <= request.deadline_ms <= HEIGHT_MAX:
            raise InvalidInput("VT-2054", reason="its deadline is not a time")
        for member in (request.addressee, request.escalate_to):
            if member is not None and not self._is_member(member):
                raise Refused("VT-2055", organisation=_shown(member))

    def _is_member(self, name: str) -> bool:
        return is_short_name(name) and (
            self._overlay.get(state_keys.organisation_key(OrganisationId(name))) is not None
        )

    def _to_key(self, key: str) -> bytes | None:
        """Give the state key, or None when the contract's key is not acceptable."""
        size = _size_of(key)
        if size is None or size > CONTRACT_KEY_SIZE_MAX:
            self._refuse_request(f"its keys have up to {CONTRACT_KEY_SIZE_MAX} bytes of text")
            return None
        return self._prefix + key.encode()

    def _refuse_request(self, reason: str) -> None:
        self._fail(InvalidInput("VT-2046", contract=self.contract.name, reason=reason))

    def _fail(self, error: ChainError) -> None:
        if self.failure is None:
            self.failure = error


def is_short_name(text: str) -> bool:
    """Tell whether this can be the name of anything."""
    return len(text) <= _NAME_SIZE_MAX and _is_name(text) is not None


def _size_of(text: str) -> int | None:
    """Give the size in bytes; None for a text that holds half a character and has no bytes."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return None


def _shown(text: str) -> str:
    """Quote a contract's own text for an error: short, and always encodable."""
    return ascii(text[:_NAME_SIZE_MAX])
