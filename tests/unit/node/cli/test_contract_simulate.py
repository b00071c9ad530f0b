import json
from dataclasses import replace
from pathlib import Path

from contracts.manifest import compute_source_hash
from node.cli.contract_simulate import render, to_json
from tests.unit.contracts.kit.stories import NAME, Story, beside, limited
from tests.unit.node.chain_builder import CONTRACT
from tests.unit.node.cli.conftest import Command, Served

WARNING = """

@on_update(model="wind-turbine", properties=["active_power"])
def tell(update):
    last = update.readings[-1].value
    ctx.emit("told", {"last": last, "share": 1 / (last - Decimal(1500))})
"""


def test_orders_that_differ_are_listed_and_reported(
    command: Command, served: Served, tmp_path: Path
) -> None:
    source, report = tmp_path / "new.py", tmp_path / "report.txt"
    source.write_text(CONTRACT.replace('"inspection"', '"repair"') + WARNING, encoding="utf-8")
    where = ("--against", "low-power", "--from", 2, "--node", served.address)
    done = command("contract", "simulate", source, *where, "--out", report)
    assert done.code == 0, done.err
    assert "1 opened, 1 not opened, 0 earlier, 0 later" in done.out
    tried = compute_source_hash(source.read_text(encoding="utf-8")).hex()
    assert f"\nsource {tried}\nparameters none\n" in done.out
    assert "runs of the contract that stop: 0 -> 1\n" in done.out
    assert "event told: 0 -> 2\n" in done.out
    assert report.read_text(encoding="utf-8").rstrip() == done.out.rstrip()


def test_the_same_source_changes_nothing(command: Command, served: Served, tmp_path: Path) -> None:
    source = tmp_path / "same.py"
    source.write_text(CONTRACT, encoding="utf-8")
    where = ("--against", "low-power", "--from", 2, "--node", served.address)
    found = command("contract", "simulate", source, *where, "--json").json
    assert (found["differences"], found["refusals"]) == ([], [])
    assert found["orders"] == {"before": 1, "after": 1}
    assert command("contract", "simulate", source, *where, "--to", 1).code == 2


def test_what_was_not_in_force_yet_is_not_replaced(
    command: Command, served: Served, tmp_path: Path
) -> None:
    source = tmp_path / "same.py"
    source.write_text(CONTRACT, encoding="utf-8")
    where = ("--node", served.address)
    early = command("contract", "simulate", source, "--against", "low-power", "--from", 1, *where)
    assert early.code == 2
    assert "low-power came into force in block 1: --from 2 or later." in early.err
    nobody = command("contract", "simulate", source, "--against", "nobody", "--from", 1, *where)
    assert (nobody.code, "VT-7004" in nobody.err) == (3, True)


def test_the_report_names_what_was_deployed_later() -> None:
    story = Story(limited(80))
    story.contract.upgrade(limited(99))
    story.read(95)
    found = story.try_source(limited(90))
    note = f"at height {story.chain.height - 1} version 2 was deployed; the tried source stays"
    assert f"\n{note}\n" in render(found, "new.py", NAME, (1, 9))
    assert to_json(found)["notes"][1:] == [note]


def test_an_order_for_somebody_else_is_listed_as_changed() -> None:
    story = Story(limited(80))
    story.read(85)
    found = story.try_source(limited(80).replace('"workshop"', '"grid", details={"limit": LIMIT}'))
    report = render(found, "new.py", NAME, (1, 9))
    assert "0 opened, 0 not opened, 0 earlier, 0 later, 1 changed\n" in report
    assert (
        "pump-7: 85: addressee 'workshop' -> 'grid', details.limit None -> Decimal('80')" in report
    )
    (one,) = json.loads(json.dumps(to_json(found)))["differences"]
    assert one["change"] == "changed"
    assert (one["before"]["addressee"], one["after"]["addressee"]) == ("workshop", "grid")
    assert (one["before"]["details"], one["after"]["details"]) == ({}, {"limit": "80"})


def test_who_would_approve_is_said_and_can_be_named(
    command: Command, served: Served, tmp_path: Path
) -> None:
    source = tmp_path / "new.py"
    source.write_text(CONTRACT + "\n# another\n", encoding="utf-8")
    where = ("--against", "low-power", "--from", 2, "--node", served.address)
    done = command("contract", "simulate", source, *where)
    assert "\ntaken to be approved by borne-energie, as version 1 was\n" in done.out
    done = command("contract", "simulate", source, *where, "--approved-by", "windcare", "--json")
    assert done.json["orders"] == {"before": 1, "after": 0}, "the turbine's owner did not consent"
    done = command("contract", "simulate", source, *where, "--approved-by", "nobody")
    assert (done.code, "nobody is no member" in done.err) == (2, True)


def test_other_contracts_that_stop_are_counted() -> None:
    story = beside()
    found = story.try_source(limited(80))
    report = render(found, "new.py", NAME, (1, 9))
    assert "\nruns of the contract that stop: 0 -> 0\nruns of other contracts" in report
    assert "\nruns of other contracts that stop: 0 -> 1\n" in report
    assert report.endswith("  beside at pump-7: b\n")
    assert to_json(found)["stopped_elsewhere"] == {"before": 0, "after": 1}


def test_a_long_report_is_cut_so_that_a_package_holds_it() -> None:
    story = Story(limited(80))
    story.read(85)
    found = story.try_source(limited(90))
    long = replace(found, differences=found.differences * 1_000)
    report = render(long, "new.py", NAME, (1, 9))
    whole = render(found, "new.py", NAME, (1, 9)).splitlines()
    assert len(report) <= 32_768
    *shown, last = report.splitlines()
    assert last == f"... and {1_000 + len(whole) - 1 - len(shown)} lines more"
    assert shown[-1] == whole[-1]
