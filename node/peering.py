"""Whom a node knows and dials: its peers follow the chain, from block to block.

A node is let in while it belongs to the set that decided the newest block, to the one that decides
the next or to the one after that. So who joins is known before its first vote counts, and who is
removed still hears of the last block that it decided.
"""

from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509

from chain.errors import InvalidInput
from chain.scalars import Height, NodeName, OrganisationId, PublicKey
from chain.validators import Validator, ValidatorSet
from contracts import state_keys
from contracts.governance_records import AddressRecord
from contracts.state import decode_record
from node.config import NodeConfig
from node.home import NodeCard, load_card, vote_key_of
from node.logs import get_log
from node.metrics import Metrics
from node.p2p.network import Network
from node.p2p.settings import Address
from node.p2p.tls import Pin
from node.replica.head import Head
from node.replica.ports import Column, Store
from node.vote_keys import VoteKeys

log = get_log(__name__)
Sets = tuple[ValidatorSet, ValidatorSet, ValidatorSet]


@dataclass(frozen=True, slots=True)
class KnownPeers:
    """All that a network must be told of other nodes."""

    pins: dict[Pin, str]
    authorities: tuple[x509.Certificate, ...]
    addresses: dict[str, Address]


class Peering:
    """Follows the chain's validators on behalf of the network.

    Raises: InvalidInput: VT-1305, a card that the configuration names is missing or another's.
    """

    def __init__(
        self, config: NodeConfig, store: Store, vote_keys: VoteKeys, metrics: Metrics
    ) -> None:
        self._config = config
        self._store = store
        self._vote_keys = vote_keys
        self._metrics = metrics
        self._cards = _load_cards(config)
        self._sets: Sets | None = None
        self._height = Height(0)
        self._missing: PublicKey | None = None
        self.members: dict[NodeName, Validator] = {}
        """Who belongs to the chain now, by name."""

    @property
    def own_organisation(self) -> OrganisationId:
        """The organisation that runs this node; empty for one that is not a member."""
        own = self.members.get(self._config.node)
        return OrganisationId("") if own is None else own.organisation

    def begin(self, head: Head) -> KnownPeers:
        """Give whom to know at the start."""
        self._sets = _sets_of(head)
        self._height = head.height
        self._learn(head)
        if head.height > 0:  # `check_vote_keys` tells of genesis.
            self._look_for_key(head)
        return self._find()

    def follow(self, head: Head, network: Network) -> None:
        """Tell the network when newer blocks, or a snapshot, changed whom to know."""
        if head.height == self._height:
            return
        self._height = head.height
        self._look_for_key(head)
        if _sets_of(head) == self._sets:
            return
        self._sets = _sets_of(head)
        before = set(self.members)
        self._learn(head)
        known = self._find()
        network.set_pins(known.pins, known.authorities, known.addresses)
        for gone in sorted(before - set(self.members)):
            self.disconnected(gone)
            log.info("a node has left the chain", node=gone)
        for new in sorted(set(self.members) - before):
            log.info("a node has joined the chain", node=new)

    def disconnected(self, peer: NodeName) -> None:
        """A peer is gone; of one that left the chain nobody wants to know that it is not here."""
        if peer in self.members:
            self._metrics.peer_connected.labels(peer=peer).set(0)
        else:
            with suppress(KeyError):
                self._metrics.peer_connected.remove(peer)

    def _learn(self, head: Head) -> None:
        self.members = {
            member.node: member
            for validators in reversed(_sets_of(head))
            for member in validators.members
        }
        for name in self.members:
            if name != self._config.node:
                self._metrics.peer_connected.labels(peer=name)
                self._metrics.accusations.labels(peer=name)

    def _find(self) -> KnownPeers:
        assert self._sets is not None, "`begin` comes first"
        cards = [card for card in self._cards if card.node not in self.members]
        pins = {
            Pin(member.tls_issuer, member.tls_key): str(member.node)
            for validators in self._sets
            for member in validators.members
        }
        pins.update({Pin(card.tls_issuer, card.tls_key): card.node for card in cards})
        known = set(pins.values())
        configured = {peer.node: Address(peer.host, peer.port) for peer in self._config.peers}
        addresses = {**self._read_addresses(), **configured}
        return KnownPeers(
            pins,
            (*self._read_authorities(), *(_open_certificate(card) for card in cards)),
            {node: address for node, address in addresses.items() if node in known},
        )

    def _read_addresses(self) -> dict[NodeName, Address]:
        start, stop = state_keys.prefix_range(state_keys.addresses_prefix())
        rows = (
            decode_record(value, AddressRecord)
            for _, value in self._store.range(Column.STATE, start, stop)
        )
        return {record.node: Address(record.host, record.port) for record in rows}

    def _read_authorities(self) -> list[x509.Certificate]:
        """Read all members' CA certificates; one that cannot be read keeps only its own out."""
        start, stop = state_keys.prefix_range(state_keys.authorities_prefix())
        found = []
        for key, value in self._store.range(Column.STATE, start, stop):
            try:
                found.append(x509.load_der_x509_certificate(value))
            except ValueError:
                organisation = key[len(start) :].decode()
                log.warning("a CA certificate cannot be read", organisation=organisation)
        return found

    def _look_for_key(self, head: Head) -> None:
        """A rotation names a key that this node may have got since its start."""
        for validators in (head.validators, head.next_validators):
            index = validators.index_of(self._config.node)
            if index is None:
                continue
            member = validators.members[index]
            if self._vote_keys.holds(member.vote_key) or self._vote_keys.look(member.vote_key):
                continue
            if self._missing != member.vote_key:
                self._missing = member.vote_key
                log.error(
                    "this node does not vote: the key that the chain names for it is in no file "
                    "of its home; put its file there, or make a new key with "
                    "`veritwin member rotate-key`",
                    key=member.vote_key.hex(),
                    folder=str(self._config.home_path / "keys"),
                )


def check_vote_keys(config: NodeConfig, head: Head, vote_keys: VoteKeys) -> None:
    """Check that a node's vote keys are its own. Without the present one it follows the chain.

    At genesis a key that is not there may be one that was rotated in since: the blocks will tell.

    Raises: InvalidInput: VT-1305, one is another node's; VT-1302, a member has none at all.
    """
    for validators in (head.validators, head.next_validators):
        for member in validators.members:
            if member.node != config.node and vote_keys.holds(member.vote_key):
                reason = f"the home of {config.node} holds the vote key of {member.node}"
                raise InvalidInput("VT-1305", reason=reason)
    index = head.validators.index_of(config.node)
    if index is None:
        return
    if not vote_keys:
        vote_key_of(config)
    if head.height == 0 and not vote_keys.holds(head.validators.members[index].vote_key):
        log.warning(
            "no key in this node's home is the one in genesis: until a block names one of them "
            "the node follows and does not vote",
            key=head.validators.members[index].vote_key.hex(),
        )


def _sets_of(head: Head) -> Sets:
    return head.last_validators, head.validators, head.next_validators


def _load_cards(config: NodeConfig) -> list[NodeCard]:
    cards = []
    for peer in config.peers:
        if not peer.card:
            continue
        card = load_card(config.home_path / peer.card)
        if card.node != peer.node:
            reason = f"the card of peer {peer.node} is that of node {card.node}"
            raise InvalidInput("VT-1305", reason=reason)
        _open_certificate(card)
        cards.append(card)
    return cards


def _open_certificate(card: NodeCard) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(card.certificate)
    except ValueError as error:
        reason = f"the CA certificate in the card of {card.node} cannot be read"
        raise InvalidInput("VT-1305", reason=reason) from error
