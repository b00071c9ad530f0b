"""Organisations, contracts, actions and attestations."""

from chain.scalars import Hash, OrganisationId, TwinId
from node.reader import Reader
from node.reader.paging import PageRequest
from tests.unit.node.chain_builder import CONTRACT, TURBINE, ChainBuilder

PAGE = PageRequest()


def test_organisations_come_with_their_keys(reader: Reader, chain: ChainBuilder) -> None:
    found = reader.records.organisations()
    assert [one.record.id for one in found] == [
        "borne-energie",
        "certis",
        "gridlink",
        "windcare",
    ]
    assert [key.key for key in found[1].keys] == [chain.signer("certis").public_key]


def test_contract_comes_with_its_source(reader: Reader) -> None:
    assert [one.name for one in reader.records.contracts()] == ["low-power"]
    found = reader.records.contract("low-power")
    assert found is not None
    assert found[1] == CONTRACT
    assert reader.records.contract("another") is None


def test_actions_are_filtered(reader: Reader) -> None:
    (action,) = reader.records.actions(PAGE).items
    assert (action.status, action.addressee, action.twin) == (
        "acknowledged",
        "windcare",
        TURBINE,
    )
    assert reader.records.action(action.id) == action
    assert reader.records.action(Hash(bytes(32))) is None
    assert reader.records.count_cause(action) == 1
    records = reader.records
    assert records.actions(PAGE, status="acknowledged", twin=TURBINE).items == (action,)
    assert records.actions(PAGE, addressee=OrganisationId("windcare")).items == (action,)
    assert records.actions(PAGE, status="open").items == ()
    assert records.actions(PAGE, twin=TwinId("R80721")).items == ()
    assert records.actions(PAGE, addressee=OrganisationId("certis")).items == ()


def test_attestations_come_with_their_envelope(reader: Reader) -> None:
    (found,) = reader.records.attestations(PAGE).items
    assert (found.issuer, found.twin, found.files[0].name) == ("certis", TURBINE, "report.pdf")
    assert reader.records.attestation(found.id) == found
    assert b'"payload"' in reader.records.envelope_of(found)
    assert reader.records.attestations(PAGE, twin=TURBINE).items == (found,)
    assert reader.records.attestations(PAGE, issuer=OrganisationId("gridlink")).items == ()


def test_newest_action_is_first_and_cursors_go_back() -> None:
    from tests.unit.node.chain_builder import START_MS, build_demo

    builder = build_demo()
    for number in range(3):
        builder.add_block(
            builder.power("0.2", first_ms=START_MS + (10 + number) * 600_000, twin="R80721"),
        )
    reader = Reader(builder.store, builder.genesis)
    assert len(reader.records.actions(PAGE).items) == 2, "one key, one unfinished action"
    first = reader.records.actions(PageRequest(1))
    second = reader.records.actions(PageRequest(1, first.next))
    assert [first.items[0].twin, second.items[0].twin] == ["R80721", TURBINE]
    assert second.next is None
