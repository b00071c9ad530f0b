"""`veritwin verify`: check a receipt with no network."""

from hashlib import sha256
from pathlib import Path

import click

from node.cli.output import print_result

SUFFIX = ".receipt.json"


@click.command(name="verify")
@click.argument("receipt", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--genesis",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="VERITWIN_GENESIS",
    default=Path("genesis.json"),
    show_default=True,
    help="The chain's genesis file: all that is trusted.",
)
@click.option(
    "--file",
    "attested",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File that the receipt is about; taken from beside the receipt when it is there.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(receipt: Path, genesis: Path, attested: Path | None, as_json: bool) -> None:
    """Check RECEIPT offline: signatures, Merkle paths, quorum, and the file it is about.

    \b
    Example:
      veritwin verify report.pdf.receipt.json --genesis genesis.json
    """
    from chain.proven_receipt import check_file, check_receipt, receipt_from_json
    from node.home import load_genesis

    trusted = load_genesis(genesis)
    proof = receipt_from_json(receipt.read_bytes())
    verdict = check_receipt(proof, trusted)
    sentences = list(verdict.sentences)
    file = attested or _beside(receipt)
    if proof.attested_file is not None and file is not None:
        content = file.read_bytes()
        check_file(proof, sha256(content).digest(), len(content))
        sentences.append(f"File {file.name} is the one that was attested")
    elif proof.attested_file is not None:
        sentences.append(
            f"File {proof.attested_file.name} is not here; its SHA-256 must be "
            f"{proof.attested_file.sha256.hex()}"
        )
    elif attested is not None:
        check_file(proof, sha256(attested.read_bytes()).digest(), attested.stat().st_size)
    print_result(
        {
            "verified": True,
            "transaction": verdict.transaction.hex(),
            "height": verdict.height,
            "time_ms": verdict.time_ms,
            "code": verdict.code,
            "sentences": sentences,
        },
        as_json=as_json,
        text="\n".join(("Verified.", *(f"  - {sentence}" for sentence in sentences))),
    )


def _beside(receipt: Path) -> Path | None:
    if not receipt.name.endswith(SUFFIX):
        return None
    file = receipt.with_name(receipt.name.removesuffix(SUFFIX))
    return file if file.is_file() else None
