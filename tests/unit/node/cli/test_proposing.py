from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.scalars import NodeName, OrganisationId
from node.home import NodePlan, create_node, create_organisation
from node.p2p.settings import Address
from tests.unit.node.cli.conftest import Command, Served
from tests.unit.node.conftest import FOUNDED_MS

Propose = Callable[..., Any]


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The card of a node of a new organisation."""
    own = tmp_path / "acme"
    create_organisation(own, OrganisationId("acme"), FOUNDED_MS)
    plan = NodePlan(
        "haute-borne",
        OrganisationId("acme"),
        "Acme",
        NodeName("acme-1"),
        Address("acme.example", 9000),
    )
    create_node(own / "acme-1", own, plan, FOUNDED_MS)
    return own / "acme-1" / "card.json"


@pytest.fixture
def propose(command: Command, served: Served, identity: Callable[[str, str], Path]) -> Propose:
    """Propose something as borne-energie; give the proposal as the chain shows it."""
    key = identity("borne-energie", "borne-energie")

    def call(*words: object) -> Any:
        done = command(
            "member", "propose", *words, "--identity", key, "--node", served.address, "--json"
        )
        assert done.code == 0, done.err
        shown = command("member", "proposals", "--node", served.address, "--json").json
        return shown["items"][0]

    return call


def test_an_organisation_by_its_card(propose: Propose, card: Path) -> None:
    shown = propose("add-organisation", "--card", card, "--note", "welcome")
    assert (shown["about"], shown["note"]) == ("add organisation acme", "welcome")
    assert shown["change"]["organisation"]["name"] == "Acme"


def test_a_node_by_its_card_follows_first(
    command: Command, served: Served, identity: Callable[[str, str], Path], card: Path
) -> None:
    refused = command(
        "member", "propose", "add-node", "--card", card,
        "--identity", identity("borne-energie", "borne-energie"), "--node", served.address,
    )  # fmt: skip
    assert refused.code != 0
    assert "why:  acme is not a member organisation." in refused.err


def test_another_weight(propose: Propose) -> None:
    assert propose("set-weight", "certis-1", "0")["change"] == {
        "type": "set_weight",
        "node": "certis-1",
        "weight": 0,
    }


def test_an_engine_that_is_in_use_is_no_change(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    key = identity("borne-energie", "borne-energie")
    done = command(
        "member", "propose", "set-engine", "bft", "--identity", key, "--node", served.address
    )
    assert "why:  the committee agrees by bft already." in done.err
    wrong = command(
        "member", "propose", "set-engine", "raft", "--identity", key, "--node", served.address
    )
    assert wrong.code == 2


def test_people_are_told_what_comes_next(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    key = identity("borne-energie", "borne-energie")
    done = command(
        "member", "propose", "remove", "certis-1", "--identity", key, "--node", served.address
    )
    proposal = done.out.split()[1]
    assert done.out == f"Proposal {proposal} waits for more approvals: 1 of 3 (borne-energie)\n"
    assert f"veritwin member approve {proposal} --identity ADMIN" in done.err
