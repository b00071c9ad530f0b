"""Folders on disk: an organisation's, a node's, and the genesis made from their public cards.

An organisation keeps its CA and its people's keys in its own folder, a node keeps its vote key and
TLS key in its home. Only a card leaves: public keys, hashes and an address. A genesis is made from
cards, so founding a network needs nobody's secrets.

    ORGANISATION/authority.crt, authority.key     the CA of the organisation's nodes
    ORGANISATION/keys/NAME.json                   keys of its people and gateways
    HOME/node.yaml, genesis.json, card.json       settings, the chain, what others may know
    HOME/keys/vote.json, HOME/tls/node.crt, .key  the node's own keys
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import msgspec
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta, Struct

from chain.errors import InvalidInput
from chain.genesis import (
    ContractPolicy,
    Genesis,
    Governance,
    Limits,
    Organisation,
    Timing,
    check_genesis,
    genesis_from_json,
    genesis_to_json,
)
from chain.json_view import from_plain, to_plain
from chain.keyfile import KeyFile
from chain.scalars import (
    Hash,
    HashField,
    NameField,
    NodeName,
    NodeNameField,
    OrganisationField,
    OrganisationId,
    PublicKeyField,
    UnixMillis,
    Weight,
    WeightField,
)
from chain.validators import EngineName, Validator, ValidatorSet
from consensus.last_signed import NEVER_SIGNED, encode_last_signed
from contracts.conformance import compute_engine_id
from node.config import LAST_SIGNED_NAME, NodeConfig
from node.keystore import create_key, load_key
from node.p2p.certificates import (
    create_authority,
    issue_node_certificate,
    load_issued,
    save_issued,
    spki_hash,
)
from node.p2p.settings import Address
from node.p2p.tls import Credentials
from node.storage.last_signed import LastSignedFile

CARD_SIZE_BYTES_MAX: Final = 64 << 10
CARD_NAME: Final = "card.json"
AUTHORITY: Final = "authority"
ADMINISTRATOR: Final = "administrator"
GENESIS_VERSION: Final = 1


class NodeCard(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the other members may know of a node: enough to put it into a genesis."""

    chain_name: NameField
    organisation: OrganisationField
    organisation_name: Annotated[str, Meta(min_length=1, max_length=128)]
    administrator: PublicKeyField
    certificate: Annotated[bytes, Meta(min_length=1, max_length=8192)]
    node: NodeNameField
    vote_key: PublicKeyField
    tls_issuer: HashField
    tls_key: HashField
    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=1, le=65535)]
    weight: WeightField = Weight(1)


def create_organisation(folder: Path, organisation: OrganisationId, now_ms: UnixMillis) -> KeyFile:
    """Make an organisation's CA and its administrator key in a folder of its own.

    Raises: InvalidInput: VT-5022 or VT-1310, the files exist already.
    """
    save_issued(folder, AUTHORITY, create_authority(organisation, now_ms))
    return create_key(folder / "keys" / f"{ADMINISTRATOR}.json", ADMINISTRATOR, organisation)


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a node shall be called, whose it is, and where its peers dial it."""

    chain_name: str
    organisation: OrganisationId
    organisation_name: str
    node: NodeName
    address: Address


def create_node(
    home: Path, organisation_folder: Path, plan: NodePlan, now_ms: UnixMillis
) -> NodeCard:
    """Make a node's keys and certificate in its home, and the card that may leave it.

    Args: organisation_folder: made by `create_organisation`.
    Raises: InvalidInput: a file exists already or the organisation's folder is not usable.
    """
    authority = load_issued(organisation_folder, AUTHORITY)
    administrator = load_key(organisation_folder / "keys" / f"{ADMINISTRATOR}.json", None)
    vote = create_key(home / "keys" / "vote.json", f"vote-{plan.node}", plan.organisation)
    # Only a key that was just made has surely signed nothing: a home without this file lost it.
    with LastSignedFile(home / LAST_SIGNED_NAME, must_exist=False) as signed_file:
        signed_file.store(encode_last_signed(NEVER_SIGNED))
    issued = issue_node_certificate(authority, plan.node, [plan.address.host], now_ms)
    save_issued(home / "tls", "node", issued)
    card = NodeCard(
        plan.chain_name,
        plan.organisation,
        plan.organisation_name,
        administrator.key.public_key,
        authority.certificate.public_bytes(Encoding.DER),
        plan.node,
        vote.key.public_key,
        Hash(spki_hash(authority.certificate)),
        Hash(spki_hash(issued.certificate)),
        plan.address.host,
        plan.address.port,
    )
    save_card(home / CARD_NAME, card)
    return card


def save_card(path: Path, card: NodeCard) -> None:
    """Write a node's card, in the place of one that is there."""
    plain = msgspec.json.encode(to_plain(card))
    write_whole(path, msgspec.json.format(plain, indent=2) + b"\n")


def load_card(path: Path) -> NodeCard:
    """Read a node's card.

    Raises: InvalidInput: VT-1305, the file is not a card.
    """
    try:
        data = path.read_bytes()
        if len(data) > CARD_SIZE_BYTES_MAX:
            raise InvalidInput("VT-1305", reason=f"{path} is too large for a card")
        return from_plain(msgspec.json.decode(data), NodeCard)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-1305", reason=f"{path} is not a node card: {error}") from error


@dataclass(frozen=True, slots=True)
class Terms:
    """What members agree on besides who they are.

    `engine` is how validators agree, until they decide to change it; `contracts` says whose
    approval contracts need.
    """

    engine: EngineName = "bft"
    contracts: ContractPolicy = field(default_factory=ContractPolicy)
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)


DEFAULT_TERMS: Final = Terms()


def make_genesis(
    cards: Sequence[NodeCard], now_ms: UnixMillis, terms: Terms = DEFAULT_TERMS
) -> Genesis:
    """Make the genesis of a network of these nodes; its hash depends on nothing secret.

    Raises: InvalidInput: VT-1305: no cards, cards of different chains, repeated names, or two cards
    that say different things about one organisation.
    """
    if not cards:
        raise InvalidInput("VT-1305", reason="a network needs at least one node card")
    if len({card.chain_name for card in cards}) > 1:
        raise InvalidInput("VT-1305", reason="the cards are for chains of different names")
    organisations: dict[OrganisationId, Organisation] = {}
    for card in cards:
        organisation = organisation_of(card)
        if organisations.setdefault(card.organisation, organisation) != organisation:
            raise InvalidInput(
                "VT-1305", reason=f"two cards disagree about organisation {card.organisation}"
            )
    genesis = Genesis(
        GENESIS_VERSION,
        cards[0].chain_name,
        now_ms,
        tuple(organisations.values()),
        ValidatorSet(tuple(validator_of(card) for card in cards), terms.engine),
        terms.limits,
        terms.timing,
        governance=Governance(contracts=terms.contracts),
        contract_engine=compute_engine_id(),
    )
    check_genesis(genesis)
    return genesis


def write_node_files(
    home: Path,
    genesis: Genesis,
    node: NodeName,
    addresses: Mapping[NodeName, Address],
    *,
    listen_host: str,
    api: Address,
) -> None:
    """Write a node's `genesis.json` and `node.yaml`; its peers are all other nodes.

    Args: addresses: where each node is dialled; listen_host: where this node listens, on the port
    of its address; api: where the HTTP API answers, port 0 lets the system choose.
    """
    settings = {
        "node": node,
        "api": {"host": api.host, "port": api.port},
        "p2p": {"host": listen_host, "port": addresses[node].port},
        "peers": [
            {"node": peer, "host": address.host, "port": address.port}
            for peer, address in addresses.items()
            if peer != node
        ],
    }
    (home / "genesis.json").write_bytes(genesis_to_json(genesis))
    (home / "node.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def load_genesis(path: Path) -> Genesis:
    """Read a genesis file.

    Raises: InvalidInput: VT-1305, missing or not a genesis.
    """
    try:
        return genesis_from_json(path.read_bytes())
    except OSError as error:
        raise InvalidInput("VT-1305", reason=f"{path} cannot be read: {error.strerror}") from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut the old one or the new one is there, whole."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def credentials_of(config: NodeConfig) -> Credentials:
    """Say where a node's TLS certificate and key are."""
    folder = config.home_path / "tls"
    return Credentials(folder / "node.crt", folder / "node.key")


def vote_key_of(config: NodeConfig) -> KeyFile:
    """Load a node's vote key.

    Raises: InvalidInput: VT-1302, the file is missing, damaged or open to others.
    """
    return load_key(config.home_path / "keys" / "vote.json", None)


def authorities_of(genesis: Genesis) -> list[x509.Certificate]:
    """Give the CA certificates of all members.

    Raises: InvalidInput: VT-1305, genesis holds one that cannot be read.
    """
    found = []
    for organisation in genesis.organisations:
        try:
            found.append(x509.load_der_x509_certificate(organisation.certificate))
        except ValueError as error:
            reason = f"the CA certificate of {organisation.id} cannot be read"
            raise InvalidInput("VT-1305", reason=reason) from error
    return found


def organisation_of(card: NodeCard) -> Organisation:
    """Give the organisation that a card tells of."""
    return Organisation(
        card.organisation, card.organisation_name, card.administrator, card.certificate
    )


def validator_of(card: NodeCard) -> Validator:
    """Give the validator that a card tells of."""
    return Validator(
        card.node, card.organisation, card.vote_key, card.weight, card.tls_issuer, card.tls_key
    )
