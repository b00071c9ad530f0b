from pathlib import Path

import pytest

from tests.unit.node.cli.conftest import Command, Served


@pytest.fixture
def receipt(command: Command, served: Served, genesis_path: Path, tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf.receipt.json"
    id_ = served.node.chain.blocks[4].transactions[0].id.hex()
    done = command("tx", "receipt", id_, "--out", path, "--node", served.address)
    assert done.code == 0, done.err
    return path


def test_a_good_receipt_is_told_in_sentences(
    command: Command, receipt: Path, genesis_path: Path
) -> None:
    done = command("verify", receipt, "--genesis", genesis_path)
    assert done.code == 0
    assert done.out.startswith("Verified.\n  - ")
    assert "Decided at height 5 by 4 of 4 validators" in done.out


def test_changed_bytes_are_refused_with_exit_code_6(
    command: Command, receipt: Path, genesis_path: Path
) -> None:
    data = receipt.read_bytes()
    for place in range(0, len(data), 211):
        receipt.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        done = command("verify", receipt, "--genesis", genesis_path)
        assert done.code == 6, place
        assert "Broken link: " in done.err


def test_a_receipt_of_another_chain_is_refused(
    command: Command, receipt: Path, tmp_path: Path
) -> None:
    command("network", "new", "--org", "acme", "--dir", tmp_path / "other")
    done = command("verify", receipt, "--genesis", tmp_path / "other" / "genesis.json")
    assert done.code == 6
    assert "genesis" in done.err


def test_a_file_that_the_receipt_is_not_about_is_refused(
    command: Command, receipt: Path, genesis_path: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(b"x")
    done = command("verify", receipt, "--genesis", genesis_path, "--file", other)
    assert done.code == 6
