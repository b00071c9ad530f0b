"""Folders of organisations and nodes, cards, and the genesis made of them."""

from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.genesis import genesis_from_json
from chain.scalars import NodeName, OrganisationId
from node.config import load_config
from node.home import (
    CARD_SIZE_BYTES_MAX,
    NodeCard,
    NodePlan,
    authorities_of,
    create_node,
    create_organisation,
    credentials_of,
    load_card,
    load_genesis,
    make_genesis,
    vote_key_of,
    write_node_files,
)
from node.p2p.certificates import spki_hash
from node.p2p.settings import Address
from tests.unit.node.conftest import FOUNDED_MS, Place

ACME = OrganisationId("acme")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def cards(folder: Path) -> list[NodeCard]:
    made: list[NodeCard] = []
    for name in ("acme", "bolt"):
        own = folder / name
        create_organisation(own, OrganisationId(name), FOUNDED_MS)
        plan = NodePlan(
            "test",
            OrganisationId(name),
            name.title(),
            NodeName(f"{name}-1"),
            Address("127.0.0.1", 9_000 + len(made)),
        )
        made.append(create_node(own / "node", own, plan, FOUNDED_MS))
    return made


def refusal(cards: list[NodeCard]) -> str:
    with pytest.raises(InvalidInput) as caught:
        make_genesis(cards, FOUNDED_MS)
    return str(caught.value)


def test_only_public_things_stand_on_a_card(folder: Path, cards: list[NodeCard]) -> None:
    assert load_card(folder / "acme" / "node" / "card.json") == cards[0]
    text = (folder / "acme" / "node" / "card.json").read_text()
    secret = msgspec.json.decode((folder / "acme" / "node" / "keys" / "vote.json").read_bytes())
    assert secret["secret"] not in text
    assert secret["public_key"] in text


def test_secrets_are_for_their_owner_only(folder: Path, cards: list[NodeCard]) -> None:
    own = folder / "acme"
    secrets = [
        own / "keys" / "administrator.json",
        own / "authority.key",
        own / "node" / "keys" / "vote.json",
        own / "node" / "tls" / "node.key",
    ]
    assert [path.stat().st_mode & 0o077 for path in secrets] == [0] * 4


def test_an_organisation_is_not_made_twice(folder: Path, cards: list[NodeCard]) -> None:
    before = (folder / "acme" / "keys" / "administrator.json").read_bytes()
    with pytest.raises(InvalidInput):
        create_organisation(folder / "acme", ACME, FOUNDED_MS)
    assert (folder / "acme" / "keys" / "administrator.json").read_bytes() == before


def test_a_genesis_of_cards_names_their_keys(cards: list[NodeCard]) -> None:
    genesis = make_genesis(cards, FOUNDED_MS)
    assert [member.node for member in genesis.validators.members] == ["acme-1", "bolt-1"]
    assert [member.vote_key for member in genesis.validators.members] == [
        card.vote_key for card in cards
    ]
    assert [one.administrator for one in genesis.organisations] == [
        card.administrator for card in cards
    ]
    assert make_genesis(cards, FOUNDED_MS) == genesis


def test_cards_that_do_not_fit_together_make_no_genesis(cards: list[NodeCard]) -> None:
    first, second = cards
    assert refusal([]) == "VT-1305: a network needs at least one node card."
    assert refusal([first, replace(second, chain_name="other")]) == (
        "VT-1305: the cards are for chains of different names."
    )
    assert refusal([first, replace(second, organisation=ACME)]) == (
        "VT-1305: two cards disagree about organisation acme."
    )
    assert refusal([first, first]) == "VT-1305: genesis names the same node twice."


def test_two_nodes_of_one_organisation_share_it(cards: list[NodeCard]) -> None:
    first, second = cards
    other = replace(
        first, node=NodeName("acme-2"), vote_key=second.vote_key, tls_key=second.tls_key
    )
    genesis = make_genesis([first, other], FOUNDED_MS)
    assert len(genesis.organisations) == 1
    assert len(genesis.validators) == 2


def test_what_is_no_card_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    for data in (b"", b"[]", b'{"node": 1}', b"\xff\xfe", b'{"a": ' * 50_000):
        path.write_bytes(data[:CARD_SIZE_BYTES_MAX])
        with pytest.raises(InvalidInput, match=rf"^VT-1305: {path} is not a node card: "):
            load_card(path)
    path.write_bytes(bytes(CARD_SIZE_BYTES_MAX + 1))
    with pytest.raises(InvalidInput, match=rf"^VT-1305: {path} is too large for a card\."):
        load_card(path)
    with pytest.raises(InvalidInput, match=r"^VT-1305: .*missing.json is not a node card: "):
        load_card(tmp_path / "missing.json")


def test_a_node_is_told_of_all_others(folder: Path, cards: list[NodeCard]) -> None:
    genesis = make_genesis(cards, FOUNDED_MS)
    home = folder / "acme" / "node"
    addresses = {card.node: Address(card.host, card.port) for card in cards}
    write_node_files(
        home,
        genesis,
        cards[0].node,
        addresses,
        listen_host="0.0.0.0",
        api=Address("127.0.0.1", 8_001),
    )
    config = load_config(home / "node.yaml")
    assert (config.node, config.home_path) == ("acme-1", home.resolve())
    assert (config.p2p.host, config.p2p.port, config.api.port) == ("0.0.0.0", 9_000, 8_001)
    assert [(peer.node, peer.host, peer.port) for peer in config.peers] == [
        ("bolt-1", "127.0.0.1", 9_001)
    ]
    assert load_genesis(config.genesis_path) == genesis
    assert vote_key_of(config).key.public_key == cards[0].vote_key
    credentials = credentials_of(config)
    certificate = x509.load_pem_x509_certificate(credentials.certificate.read_bytes())
    assert spki_hash(certificate) == cards[0].tls_key


def test_a_missing_genesis_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"^VT-1305: .*genesis.json cannot be read: No such"):
        load_genesis(tmp_path / "genesis.json")


def test_the_authorities_are_those_of_the_members(cards: list[NodeCard]) -> None:
    genesis = make_genesis(cards, FOUNDED_MS)
    issuers = [spki_hash(certificate) for certificate in authorities_of(genesis)]
    assert issuers == [card.tls_issuer for card in cards]


def test_a_genesis_with_an_unreadable_certificate_is_refused_with_its_member(
    cards: list[NodeCard],
) -> None:
    genesis = make_genesis([cards[0], replace(cards[1], certificate=b"no DER")], FOUNDED_MS)
    with pytest.raises(InvalidInput) as caught:
        authorities_of(genesis)
    assert str(caught.value) == "VT-1305: the CA certificate of bolt cannot be read."


def test_a_genesis_file_reads_back(alone: Place) -> None:
    data = alone.network.genesis_path.read_bytes()
    assert genesis_from_json(data) == alone.network.genesis
