"""Whom a node knows and dials follows the chain."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.changes import AddOrganisation, AddValidator, RemoveValidator
from chain.errors import InvalidInput
from chain.genesis import Organisation
from chain.keyfile import seal_key
from chain.operations import ApproveChange, ProposeChange
from chain.scalars import NodeName, OrganisationId, Weight
from chain.validators import Validator
from node.config import NodeConfig, PeerConfig
from node.home import NodeCard, NodePlan, create_node, create_organisation, load_card
from node.keystore import save_key
from node.metrics import Metrics
from node.p2p.certificates import spki_hash
from node.p2p.settings import Address
from node.p2p.tls import Pin
from node.peering import KnownPeers, Peering, check_vote_keys
from node.vote_keys import VoteKeys, create_vote_key
from tests.unit.node.chain_builder import ORGANISATIONS, ChainBuilder, seed_of
from tests.unit.node.conftest import FOUNDED_MS

OWN = NodeName("borne-energie-1")


class Wire:
    """Stands in for the network and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[KnownPeers] = []

    def set_pins(self, pins: object, authorities: object, addresses: object) -> None:
        self.told.append(KnownPeers(pins, authorities, addresses))  # type: ignore[arg-type]


class Bench:
    """The peering of borne-energie-1 over a chain."""

    def __init__(self, home: Path, *peers: PeerConfig) -> None:
        self.chain = ChainBuilder()
        self.config = NodeConfig(node=OWN, home=str(home), peers=peers)
        self.metrics = Metrics("test", with_process=False)
        self.wire = Wire()
        keys = VoteKeys(self.config)
        self.peering = Peering(self.config, self.chain.store, keys, self.metrics)
        self.known = self.peering.begin(self.chain.head)

    def follow(self) -> KnownPeers:
        """Let the peering see the newest block; give what the network knows now."""
        self.peering.follow(self.chain.head, self.wire)  # type: ignore[arg-type]
        return self.wire.told[-1] if self.wire.told else self.known

    def decide(self, change: ProposeChange, needed: int = 3) -> None:
        """Let as many members as are needed decide a change in one block."""
        proposal = self.chain.transaction(change)
        approvals = [
            self.chain.transaction(ApproveChange(proposal.id), name)
            for name in ORGANISATIONS[1:needed]
        ]
        block = self.chain.add_block(proposal, *approvals)
        assert all(receipt.is_ok for receipt in block.receipts), block.receipts


def make_card(folder: Path, organisation: str, node: str) -> NodeCard:
    """Make a node of an organisation as its operator does, with real certificates."""
    own = folder / organisation
    create_organisation(own, OrganisationId(organisation), FOUNDED_MS)
    return create_node(
        own / node,
        own,
        NodePlan(
            "haute-borne",
            OrganisationId(organisation),
            organisation,
            NodeName(node),
            Address("10.0.0.5", 9005),
        ),
        FOUNDED_MS,
    )


def validator_of(card: NodeCard) -> Validator:
    return Validator(
        card.node, card.organisation, card.vote_key, Weight(0), card.tls_issuer, card.tls_key
    )


def organisation_of(card: NodeCard) -> Organisation:
    return Organisation(
        card.organisation, card.organisation_name, card.administrator, card.certificate
    )


def names(known: KnownPeers) -> set[str]:
    return set(known.pins.values())


def test_a_chain_begins_with_the_nodes_of_genesis(tmp_path: Path) -> None:
    peer = PeerConfig(node=NodeName("certis-1"), host="certis.example", port=9000)
    bench = Bench(tmp_path, peer)
    assert names(bench.known) == {f"{name}-1" for name in ORGANISATIONS}
    assert bench.known.addresses == {"certis-1": Address("certis.example", 9000)}
    assert bench.peering.own_organisation == "borne-energie"


def test_a_new_organisation_and_its_node_are_let_in_and_dialled(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    card = make_card(tmp_path / "new", "acme", "acme-1")
    bench.decide(ProposeChange(AddOrganisation(organisation_of(card))))
    bench.follow()
    assert bench.wire.told == [], "nobody new can connect yet"
    bench.decide(ProposeChange(AddValidator(validator_of(card), card.host, card.port)), 4)
    known = bench.follow()
    assert known.pins[Pin(card.tls_issuer, card.tls_key)] == "acme-1", "known at once"
    assert known.addresses == {"acme-1": Address("10.0.0.5", 9005)}
    assert card.tls_issuer in {spki_hash(one) for one in known.authorities}


def test_what_the_operator_says_of_an_address_counts_more_than_the_chain(tmp_path: Path) -> None:
    card = make_card(tmp_path / "new", "acme", "acme-1")
    bench = Bench(tmp_path, PeerConfig(node=card.node, host="other.example", port=9999))
    assert bench.known.addresses == {}, "nobody of that name is known"
    bench.decide(ProposeChange(AddOrganisation(organisation_of(card))))
    bench.decide(ProposeChange(AddValidator(validator_of(card), card.host, card.port)), 4)
    assert bench.follow().addresses == {"acme-1": Address("other.example", 9999)}


def test_a_removed_node_is_shut_out_once_it_decided_its_last_block(tmp_path: Path) -> None:
    bench = Bench(tmp_path, PeerConfig(node=NodeName("certis-1"), host="certis", port=9000))
    bench.decide(ProposeChange(RemoveValidator(NodeName("certis-1"))))
    for _ in range(2):
        assert "certis-1" in names(bench.follow())
        bench.chain.add_block()
    known = bench.follow()
    assert "certis-1" not in names(known)
    assert known.addresses == {}
    assert "certis-1" not in bench.peering.members
    bench.peering.disconnected(NodeName("certis-1"))
    text = bench.metrics.render().decode()
    assert 'peer_connected{peer="certis-1"}' not in text
    bench.peering.disconnected(NodeName("gridlink-1"))
    assert 'peer_connected{peer="gridlink-1"} 0.0' in bench.metrics.render().decode()


def test_the_network_is_told_only_of_changes(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for _ in range(3):
        bench.chain.add_block()
        bench.follow()
    assert bench.wire.told == []


def test_a_card_vouches_for_a_peer_until_the_chain_does(tmp_path: Path) -> None:
    card = make_card(tmp_path / "new", "acme", "acme-1")
    path = tmp_path / "new" / "acme" / "acme-1" / "card.json"
    assert load_card(path) == card
    peer = PeerConfig(
        node=card.node, host="acme.example", port=9000, card=str(path.relative_to(tmp_path))
    )
    bench = Bench(tmp_path, peer)
    assert bench.known.pins[Pin(card.tls_issuer, card.tls_key)] == "acme-1"
    assert bench.known.addresses == {"acme-1": Address("acme.example", 9000)}
    assert card.tls_issuer in {spki_hash(one) for one in bench.known.authorities}
    with pytest.raises(InvalidInput, match="the card of peer bolt-1 is that of node acme-1"):
        Bench(tmp_path, PeerConfig(node=NodeName("bolt-1"), host="h", port=1, card=peer.card))


def test_a_configured_card_lets_a_removed_node_in_until_its_entry_is_taken_out(
    tmp_path: Path,
) -> None:
    card = make_card(tmp_path / "new", "acme", "acme-1")
    peer = PeerConfig(
        node=card.node, host="acme.example", port=9000, card="new/acme/acme-1/card.json"
    )
    for peers, is_let_in in (((peer,), True), ((), False)):
        bench = Bench(tmp_path, *peers)
        bench.decide(ProposeChange(AddOrganisation(organisation_of(card))))
        bench.decide(ProposeChange(AddValidator(validator_of(card), card.host, card.port)), 4)
        for _ in range(2):
            bench.chain.add_block()
        bench.decide(ProposeChange(RemoveValidator(card.node)), 4)
        for _ in range(2):
            bench.follow()
            bench.chain.add_block()
        assert (card.node in names(bench.follow())) == is_let_in
        assert card.node not in bench.peering.members


def test_a_ca_that_cannot_be_read_keeps_only_its_own_nodes_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    assert bench.known.authorities == (), "the certificates of this chain are no DER"
    assert "a CA certificate cannot be read" in caplog.text


def test_a_rotated_key_is_looked_for_in_the_home(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    _, file = create_vote_key(bench.config, "borne-energie")
    head = bench.chain.head
    members = list(head.next_validators.members)
    members[0] = replace(members[0], vote_key=file.key.public_key)
    named = replace(head.next_validators, members=tuple(members))
    bench.chain.add_block()
    head = replace(bench.chain.head, validators=named, next_validators=named)
    bench.peering.follow(head, bench.wire)  # type: ignore[arg-type]
    assert "does not vote" not in caplog.text
    assert bench.peering._vote_keys.holds(file.key.public_key)


def test_a_missing_key_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(tmp_path)
    for _ in range(3):
        bench.chain.add_block()
        bench.follow()
    assert caplog.text.count("does not vote") == 1


def test_a_start_without_the_key_that_the_chain_names_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    assert "does not vote" not in caplog.text, "of genesis the check of the home tells"
    bench.chain.add_block()
    keys = VoteKeys(bench.config)
    Peering(bench.config, bench.chain.store, keys, bench.metrics).begin(bench.chain.head)
    assert (
        "this node does not vote: the key that the chain names for it is in no file of its home"
    ) in caplog.text
    (record,) = (one for one in caplog.records if one.levelname == "ERROR")
    assert record.__dict__["values"]["folder"] == str(tmp_path / "keys")


def test_a_home_with_the_key_of_another_node_is_refused(tmp_path: Path) -> None:
    chain = ChainBuilder()
    seed = seed_of("vote certis")
    data = seal_key(seed, "vote", "certis", None, bytes(16), bytes(24))
    save_key(tmp_path / "keys" / "vote.json", data)
    config = NodeConfig(node=OWN, home=str(tmp_path))
    with pytest.raises(InvalidInput) as caught:
        check_vote_keys(config, chain.head, VoteKeys(config))
    assert caught.value.why == ("the home of borne-energie-1 holds the vote key of certis-1.")


def test_a_founding_member_without_any_key_is_refused_with_a_later_one_it_follows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chain = ChainBuilder()
    config = NodeConfig(node=OWN, home=str(tmp_path))
    with pytest.raises(InvalidInput, match="VT-1302"):
        check_vote_keys(config, chain.head, VoteKeys(config))
    create_vote_key(config, "borne-energie")
    check_vote_keys(config, chain.head, VoteKeys(config))
    assert "no key in this node's home is the one in genesis" in caplog.text
    caplog.clear()
    chain.add_block()
    check_vote_keys(config, chain.head, VoteKeys(config))
    assert not caplog.text
