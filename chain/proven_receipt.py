"""The proven receipt: one transaction with everything that proves it, in one file.

`FILE.receipt.json` is checked with nothing but genesis.json, without a network, by this program or
by the page verify.html. There is exactly one way to write a given receipt, so a file with any byte
changed is refused, be it in the proof, in the summary for people or in the spacing.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chain.block import Header
from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.dsse import FileSubject, read_statement
from chain.errors import InvalidInput
from chain.json_view import from_plain, to_plain
from chain.open_receipt import (
    Inclusion,
    OpenReceipt,
    ProvenReceipt,
    break_link,
    open_receipt,
)
from chain.operations import Attest, name_of
from chain.proven_receipt_check import (
    Verdict,
    check_contents,
    check_file,
    check_header_hash,
    check_receipt,
)
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.wording import describe_operation, format_time

__all__ = [
    "FORMAT",
    "RECEIPT_FILE_SIZE_BYTES_MAX",
    "Inclusion",
    "ProvenReceipt",
    "Verdict",
    "build_receipt",
    "check_file",
    "check_receipt",
    "receipt_from_json",
    "receipt_to_json",
]

FORMAT: Final = "veritwin-receipt/1"
RECEIPT_FILE_SIZE_BYTES_MAX: Final = 16 << 20


def build_receipt(
    transaction: Transaction,
    log: Inclusion,
    receipt: Receipt,
    block: Inclusion,
    header: Header,
    certificate: QuorumCertificate,
    attested_name: str | None = None,
    changes: Sequence[bytes] = (),
) -> ProvenReceipt:
    """Put a proven receipt together; nothing is checked but the attested file's name.

    Args: log: place in the chain's log of `header.tx_log_size` transactions; block: place among
    the block's receipts; certificate: of `header`; attested_name: the file that the receipt is
    for, as the statement of an `attest` transaction names it; changes: encoded steps from genesis
    to the validators that decided the block, none where they are those of genesis.
    Raises: InvalidInput: VT-1304, the statement does not name that file.
    """
    return ProvenReceipt(
        transaction=transaction.raw,
        log=log,
        receipt=encode(receipt),
        block=block,
        header=encode(header),
        certificate=encode(certificate),
        validator_changes=tuple(changes),
        attested_file=None if attested_name is None else _find_file(transaction, attested_name),
    )


def receipt_to_json(proof: ProvenReceipt) -> bytes:
    """Write the file: the same receipt always gives the same bytes.

    Raises: InvalidInput: VT-1304, a part does not decode.
    """
    opened = open_receipt(proof)
    plain = {"format": FORMAT, "summary": _summarize(opened), **to_plain(proof)}
    return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def receipt_from_json(data: bytes) -> ProvenReceipt:
    """Read the file, and refuse it unless it is byte for byte what `receipt_to_json` writes.

    This is a check of form; what the receipt claims is checked by `check_receipt`.

    Raises: InvalidInput: VT-1003 too large, VT-1304 naming what is wrong.
    """
    if len(data) > RECEIPT_FILE_SIZE_BYTES_MAX:
        raise InvalidInput(
            "VT-1003", type="receipt", size=len(data), limit=RECEIPT_FILE_SIZE_BYTES_MAX
        )
    try:
        plain = msgspec.json.decode(data)
        file_format, summary, proof = _split(plain)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        break_link("file form", f"it does not read as a receipt: {error}", error)
    if file_format != FORMAT:
        break_link("file form", f"its format is {file_format!r}, not {FORMAT!r}")
    if receipt_to_json(proof) != data:
        _explain_difference(proof, summary)
    return proof


def _find_file(transaction: Transaction, name: str) -> FileSubject:
    operation = transaction.body.operation
    if isinstance(operation, Attest):
        try:
            files = read_statement(operation.envelope).files
        except InvalidInput as error:
            break_link("attested file", error.why, error)
        for file in files:
            if file.name == name:
                return file
    break_link("attested file", f"the transaction attests no file {name!r}")


def _split(plain: Any) -> tuple[Any, Any, ProvenReceipt]:
    if not isinstance(plain, dict):
        raise msgspec.ValidationError("Expected an object")
    rest = {key: value for key, value in plain.items() if key not in ("format", "summary")}
    return plain.get("format"), plain.get("summary"), from_plain(rest, ProvenReceipt)


def _explain_difference(proof: ProvenReceipt, summary: object) -> None:
    """Name what makes a file differ from its own re-writing: the proof, the summary or the form.

    A changed proof no longer fits its summary; the link that broke inside it says more.
    """
    opened = open_receipt(proof)
    check_header_hash(opened)
    check_contents(opened)
    if summary != _summarize(opened):
        break_link("summary", "it says something else than the proof below it")
    break_link("file form", "spacing, order or spelling is not as the format has it")


def _summarize(opened: OpenReceipt) -> dict[str, Any]:
    header, body = opened.header, opened.transaction.body
    return {
        "transaction": opened.transaction.id.hex(),
        "operation": name_of(body.operation),
        "about": describe_operation(body.operation),
        "sender": body.sender.hex(),
        "height": header.height,
        "time": format_time(header.time_ms),
        "result": opened.receipt.code,
    }
