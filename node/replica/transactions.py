"""The way of a transaction from a client or peer into the mempool and on to other peers."""

from collections.abc import Iterable
from typing import Final

from chain.errors import Busy, ChainError, InvalidInput, PeerFault, Refused
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis
from chain.transaction import Transaction, decode_transaction
from node.replica.admission import Admission
from node.replica.aside import refuse
from node.replica.effects import Answer, Disconnect, Effect, SendTo, SendToAll
from node.replica.events import Submitted
from node.replica.gossip import Neighbours
from node.replica.head import Head
from node.replica.mempool import Mempool
from node.replica.messages import IDS_PER_MESSAGE_MAX, Have, Transactions, Want
from node.replica.proposals import Proposals

ANNOUNCE_AFTER_MS: Final = 1_000
ANNOUNCE_COUNT_MAX: Final = 1_024
ANNOUNCE_AGAIN_MS: Final = 5_000
"""Each is named once when it has waited; all are named again so often. Under load many wait."""
REPLY_BYTES_MAX: Final = 1 << 20
HARMLESS_CODES: Final = frozenset({"VT-2003", "VT-2004"})
"""A correct peer may pass on a transaction that expired on the way."""


class TransactionFlow:
    """Admits transactions and keeps peers supplied with them."""

    def __init__(
        self,
        own_name: NodeName,
        admission: Admission,
        mempool: Mempool,
        proposals: Proposals,
        neighbours: Neighbours,
    ) -> None:
        self._own_name = own_name
        self._admission = admission
        self._mempool = mempool
        self._proposals = proposals
        self._neighbours = neighbours
        self._named_all_ms = UnixMillis(-ANNOUNCE_AGAIN_MS)
        self._named_before_ms = UnixMillis(0)
        """What arrived before has been named."""

    def submit(self, event: Submitted, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Take a transaction from a client: answer, and send it to all peers."""
        try:
            transaction = self._admission.decode(event.raw)
            self._admit(transaction, head, now_ms)
        except ChainError as error:
            return [Answer(event.ticket, None, error)]
        answer = Answer(event.ticket, transaction.id, None)
        message = Transactions(self._own_name, (event.raw,))
        return [answer, SendToAll(self._neighbours.names, message)]

    def originate(self, transaction: Transaction, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Take a transaction that this node itself has to say; nothing happens if it cannot be."""
        try:
            self._admit(transaction, head, now_ms)
        except ChainError:
            return []
        message = Transactions(self._own_name, (transaction.raw,))
        return [SendToAll(self._neighbours.names, message)]

    def decode(self, raw: bytes) -> Transaction:
        """Decode a transaction and check what needs no state; what waits here was checked before.

        Raises: InvalidInput: what `Admission.decode` raises.
        """
        transaction = decode_transaction(raw, self._admission.size_bytes_max)
        waiting = self._mempool.get(transaction.id)
        # Its name does not cover the signature: another one has to be checked.
        if waiting is not None and waiting.raw == raw:
            return waiting
        self._admission.check_signed(transaction)
        return transaction

    def is_waiting(self, transaction_id: Hash) -> bool:
        """Tell whether a transaction waits for a block here."""
        return transaction_id in self._mempool

    def receive(
        self, peer: NodeName, message: Transactions, head: Head, now_ms: UnixMillis
    ) -> list[Effect]:
        """Take transactions from a peer and pass on the new ones to those who miss them."""
        fresh = []
        for raw in message.transactions:
            try:
                if self._receive_one(raw, head, now_ms):
                    fresh.append(raw)
            except InvalidInput as error:
                if error.code in HARMLESS_CODES:
                    continue
                return [Disconnect(peer, PeerFault("VT-3031", peer=peer, reason=error.why))]
            except (Refused, Busy):
                continue
        receivers = self._neighbours.to_pass_on(message.origin, peer)
        if not fresh or not receivers:
            return []
        return [SendToAll(receivers, Transactions(message.origin, tuple(fresh)))]

    def have(self, peer: NodeName, message: Have, head: Head) -> list[Effect]:
        """A peer names what it holds: ask for what is missing here, while there is room for it.

        What a block from before the expiry window holds may be asked for, too; it is of no use.
        """
        if not self._mempool.has_room(self._admission.size_bytes_max):
            return []
        missing = tuple(id_ for id_ in message.transactions if self._is_unknown(id_, head))
        return [SendTo(peer, Want(missing))] if missing else []

    def want(self, peer: NodeName, message: Want) -> list[Effect]:
        """A peer asks for transactions: send those that wait here, within a bound."""
        found: list[bytes] = []
        size = 0
        for id_ in dict.fromkeys(message.transactions):
            transaction = self._proposals.find(id_)
            if transaction is None:
                continue
            size += transaction.size_bytes
            if size > REPLY_BYTES_MAX and found:
                break
            found.append(transaction.raw)
        if not found:
            return []
        return [SendTo(peer, Transactions(self._own_name, tuple(found)))]

    def announce(self, now_ms: UnixMillis) -> list[Effect]:
        """Name transactions that wait suspiciously long, in case a peer never got them."""
        before = UnixMillis(now_ms - ANNOUNCE_AFTER_MS)
        if now_ms - self._named_all_ms >= ANNOUNCE_AGAIN_MS:
            self._named_all_ms = now_ms
            self._named_before_ms = UnixMillis(0)
        ids = self._mempool.waiting_since(before, ANNOUNCE_COUNT_MAX, self._named_before_ms)
        if len(ids) < ANNOUNCE_COUNT_MAX:
            self._named_before_ms = before
        return [SendToAll(self._neighbours.names, Have(ids))] if ids else []

    def ask_for(self, ids: Iterable[Hash], peers: tuple[NodeName, ...]) -> list[Effect]:
        """Ask peers for transactions that a proposal needs."""
        wanted = tuple(ids)[:IDS_PER_MESSAGE_MAX]
        return [SendToAll(peers, Want(wanted))] if wanted and peers else []

    def committed(self, height: Height, transactions: Iterable[Transaction]) -> None:
        """The block at `height` is on disk with these: they wait no more."""
        ids = [transaction.id for transaction in transactions]
        self._mempool.remove(ids)
        self._admission.follow(height, ids)

    def installed(self, height: Height) -> None:
        """A snapshot of `height` is in place: what it holds waits no more."""
        self._admission.begin(height)
        waiting = [transaction.id for transaction in self._mempool.in_order()]
        self._mempool.remove(id_ for id_ in waiting if self._admission.is_committed(id_))

    def _is_unknown(self, id_: Hash, head: Head) -> bool:
        known = self._proposals.find(id_) is not None
        return not known and not self._admission.is_committed_lately(id_, head)

    def _receive_one(self, raw: bytes, head: Head, now_ms: UnixMillis) -> bool:
        """Take a transaction from a peer; tell whether it is new.

        Its signature is what takes longest, so all else is checked before.
        """
        transaction = decode_transaction(raw, self._admission.size_bytes_max)
        id_, size = transaction.id, transaction.size_bytes
        if id_ in self._mempool:
            return False
        if not self._mempool.has_room(size) and not self._proposals.is_wanted(id_):
            return False
        try:
            organisation = self._check_state(transaction, head)
            self._mempool.check_room(size, organisation)
        except ChainError:
            if self._proposals.is_wanted(id_):
                self._admission.check_signed(transaction)
                self._proposals.take(transaction)
            raise
        self._admission.check_signed(transaction)
        self._mempool.put(transaction, organisation, now_ms)
        return True

    def _admit(self, transaction: Transaction, head: Head, now_ms: UnixMillis) -> None:
        """Put a transaction whose signature holds into the mempool."""
        self._mempool.add(transaction, self._check_state(transaction, head), now_ms)

    def _check_state(self, transaction: Transaction, head: Head) -> OrganisationId:
        """Check what the state says of a transaction, and give the sender's organisation."""
        if transaction.id in self._proposals.aside:
            raise refuse(transaction.id)
        self._admission.check_orderable(transaction, head)
        return self._admission.organisation_of(transaction, head)
