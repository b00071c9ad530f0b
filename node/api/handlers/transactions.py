"""Transactions: hand them in, follow them, prove them.

Handing the same transaction in twice is no error: the answer is the state it is in. A time-out is
no failure either: the answer then says "received", and the id tells the rest later.
"""

import asyncio
import base64
import binascii
from typing import Any, Final

import msgspec
from aiohttp import web

from chain.errors import ChainError, InvalidInput, Refused
from chain.scalars import Hash
from chain.transaction import decode_transaction
from node.api.answers import JSON, encode_json, immutable_answer, json_answer, off_loop
from node.api.context import CONTEXT, ApiContext
from node.api.requests import (
    check_number_in_path,
    get_choice,
    get_hash,
    get_number,
    get_page,
    get_text,
    not_found,
    read_body,
)
from node.api.routes import (
    PAGE_PARAMETERS,
    Parameter,
    Route,
    choice_parameter,
    number_parameter,
    path_parameter,
)
from node.api.views.transactions import (
    State,
    SubmitAnswer,
    SubmitAnswers,
    SubmitRequest,
    TransactionList,
    TransactionView,
    answer_final,
    summarize_transaction,
    view_transaction,
    view_unordered,
)
from node.api.views.twins import ReadingProofView, view_reading_proof

ONE_TYPE: Final = "application/msgpack"
MANY_TYPE: Final = "application/vnd.veritwin.transactions+msgpack"
MANY_MAX: Final = 1_000
WAIT_SECONDS: Final = 30
WAIT_SECONDS_MAX: Final = 60
_DUPLICATE: Final = "VT-2005"
_MANY: Final = msgspec.msgpack.Decoder(list[bytes])
_REQUEST: Final = msgspec.json.Decoder(SubmitRequest)
_ID: Final = path_parameter("id", "The transaction's id.")


async def submit(request: web.Request) -> web.Response:
    """POST /v1/transactions"""
    wait = get_choice(request, "wait", ("none", "final"))
    seconds = get_number(request, "timeout", WAIT_SECONDS, 1, WAIT_SECONDS_MAX)
    is_one, raws = parse_submission(request.content_type, await read_body(request))
    context = request.app[CONTEXT]
    deadline = asyncio.get_running_loop().time() + seconds
    if is_one:
        answer = await _submit_one(context, raws[0])
        if wait == "final":
            answer = await _follow(context, answer, deadline)
        return _answer_one(answer, wait == "final")
    answers = await _submit_many(context, raws)
    if wait == "final":
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_follow(context, one, deadline)) for one in answers]
        answers = [task.result() for task in running]
    is_done = wait == "final" and all(one.state not in ("received", "ordered") for one in answers)
    return json_answer(SubmitAnswers(items=answers), status=200 if is_done else 202)


def parse_submission(content_type: str, body: bytes) -> tuple[bool, list[bytes]]:
    """Read the transactions out of a body.

    Returns: whether it is a single one, and the encoded transactions, at least one.
    Raises: InvalidInput: VT-7001 malformed, VT-7009 another media type.
    """
    try:
        if content_type == ONE_TYPE:
            return True, [body]
        if content_type == MANY_TYPE:
            raws = _MANY.decode(body)
        elif content_type == JSON:
            asked = _REQUEST.decode(body)
            if (asked.transaction is None) == (asked.transactions is None):
                raise InvalidInput("VT-7001", reason="give either `transaction` or `transactions`")
            if asked.transaction is not None:
                return True, [base64.b64decode(asked.transaction, validate=True)]
            raws = [base64.b64decode(text, validate=True) for text in asked.transactions or ()]
        else:
            raise InvalidInput(
                "VT-7009", given=content_type[:80], expected=f"{JSON}, {ONE_TYPE} or {MANY_TYPE}"
            )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-7001", reason=f"the body does not read: {error}") from error
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("VT-7001", reason=f"a transaction is no base64: {error}") from error
    if not 1 <= len(raws) <= MANY_MAX:
        raise InvalidInput(
            "VT-7001", reason=f"it holds {len(raws)} transactions; 1 to {MANY_MAX} are allowed"
        )
    return False, raws


async def _submit_one(context: ApiContext, raw: bytes) -> SubmitAnswer:
    """Hand in one transaction.

    Raises: ChainError: it was refused.
    """
    (outcome,) = await context.submit((raw,))
    return _answer_submitted(context, raw, outcome)


async def _submit_many(context: ApiContext, raws: list[bytes]) -> list[SubmitAnswer]:
    """Hand in many; a refusal is the answer to the one that is refused."""
    try:
        outcomes = await context.submit(raws)
    except ChainError as error:
        outcomes = [error] * len(raws)
    answers = []
    for raw, outcome in zip(raws, outcomes, strict=True):
        try:
            answers.append(_answer_submitted(context, raw, outcome))
        except ChainError as error:
            answers.append(
                SubmitAnswer(id=identify(raw), state="rejected", code=error.code, detail=error.why)
            )
    return answers


def _answer_submitted(context: ApiContext, raw: bytes, outcome: Hash | ChainError) -> SubmitAnswer:
    """Say that a transaction was taken in; one that was handed in before is in its state.

    Raises: ChainError: it was refused.
    """
    if not isinstance(outcome, ChainError):
        return SubmitAnswer(id=outcome.hex(), state="received")
    if outcome.code == _DUPLICATE:
        known = describe_state(context, decode_transaction(raw).id)
        if known is not None:
            return known
    raise outcome


def identify(raw: bytes) -> str | None:
    """Give the id of an encoded transaction, or None when it does not decode."""
    try:
        return decode_transaction(raw).id.hex()
    except ChainError:
        return None


async def _follow(context: ApiContext, answer: SubmitAnswer, deadline: float) -> SubmitAnswer:
    """Wait until a transaction is final, and describe it again."""
    if answer.state not in ("received", "ordered") or answer.id is None:
        return answer
    transaction = Hash(bytes.fromhex(answer.id))
    left = deadline - asyncio.get_running_loop().time()
    # Nothing else runs between this look and the listening, so no commit slips through.
    if context.reader.blocks.place_of(transaction) is None and left > 0:
        await context.wait_final(transaction, left)
    return describe_state(context, transaction) or answer


def describe_state(context: ApiContext, transaction: Hash) -> SubmitAnswer | None:
    """Describe a transaction that this node knows, or give None."""
    found = context.reader.blocks.transaction(transaction)
    if found is not None:
        return answer_final(found)
    state = unordered_state(context, transaction)
    if state is None:
        return None
    view = view_unordered(transaction, state)
    return SubmitAnswer(id=view.id, state=state, code=view.code, detail=view.detail)


def unordered_state(context: ApiContext, transaction: Hash) -> State | None:
    """Give the state of a transaction that no block holds, or None when it is unknown."""
    pending = context.pending(transaction)
    if pending is not None:
        return pending
    return "expired" if context.expired(transaction) else None


def _answer_one(answer: SubmitAnswer, is_waiting: bool) -> web.Response:
    is_open = answer.state in ("received", "ordered")
    response = json_answer(answer, status=200 if is_waiting and not is_open else 202)
    response.headers["Location"] = f"/v1/transactions/{answer.id}"
    if is_waiting and is_open:
        response.headers["Retry-After"] = "1"
    return response


async def show_transaction(request: web.Request) -> web.Response:
    """GET /v1/transactions/{id}; with wait=final it waits until the state is final."""
    context = request.app[CONTEXT]
    transaction = get_hash(request, "transaction")
    wait = get_choice(request, "wait", ("none", "final"))
    seconds = get_number(request, "timeout", WAIT_SECONDS, 1, WAIT_SECONDS_MAX)
    blocks = context.reader.blocks
    if wait == "final" and blocks.place_of(transaction) is None:
        await context.wait_final(transaction, seconds)
    found = blocks.transaction(transaction)
    if found is not None:
        body = encode_json(view_transaction(found, blocks))
        return immutable_answer(request, f"{transaction.hex()}-{found.height}", body)
    state = unordered_state(context, transaction)
    if state is None:
        raise not_found("transaction", transaction.hex(), blocks.base())
    return json_answer(view_unordered(transaction, state))


async def list_transactions(request: web.Request) -> web.Response:
    """GET /v1/transactions"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)

    def read() -> TransactionList:
        found = reader.blocks.transactions(page)
        items = [summarize_transaction(one, reader.blocks) for one in found.items]
        return TransactionList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


async def show_receipt(request: web.Request) -> web.Response:
    """GET /v1/transactions/{id}/receipt"""
    context = request.app[CONTEXT]
    transaction = get_hash(request, "transaction")
    name = get_text(request, "file")
    file = await off_loop(request, lambda: context.reader.proofs.receipt(transaction, name))
    if file is None:
        state = unordered_state(context, transaction)
        if state is None:
            raise not_found("transaction", transaction.hex(), context.reader.blocks.base())
        raise Refused("VT-7005", id=transaction, state=state)
    tag = f"receipt-{transaction.hex()}" + (f"-{name.encode().hex()}" if name else "")
    return immutable_answer(request, tag, file)


async def prove_reading(request: web.Request) -> web.Response:
    """GET /v1/transactions/{id}/readings/{index}"""
    reader = request.app[CONTEXT].reader
    transaction = get_hash(request, "transaction")
    index = check_number_in_path(request.match_info["index"], "reading")
    proof = await off_loop(request, lambda: reader.proofs.reading(transaction, index))
    if proof is None:
        if reader.blocks.place_of(transaction) is None:
            raise not_found("transaction", transaction.hex(), reader.blocks.base())
        raise InvalidInput("VT-7004", kind="reading", name=f"{index} of {transaction.hex()}")
    body = encode_json(view_reading_proof(transaction, proof))
    return immutable_answer(request, f"reading-{transaction.hex()}-{index}", body)


_WAIT_PARAMETERS: Final = (
    choice_parameter("wait", "`final` waits until the state is final.", ("none", "final")),
    number_parameter("timeout", "Most seconds to wait.", WAIT_SECONDS, 1, WAIT_SECONDS_MAX),
)

ROUTES: Final = (
    Route(
        "POST",
        "/v1/transactions",
        submit,
        "Hand in one transaction or many.",
        "transactions",
        (SubmitAnswer, SubmitAnswers),
        parameters=_WAIT_PARAMETERS,
        accepts={JSON: SubmitRequest, ONE_TYPE: None, MANY_TYPE: None},
        statuses={
            202: "Taken in, and not final yet.",
            400: "It can never be right.",
            403: "The sender may not do this.",
            409: "The state of the chain says no.",
            413: "It is too large.",
            415: "The media type is not supported.",
        },
    ),
    Route(
        "GET",
        "/v1/transactions",
        list_transactions,
        "List transactions, newest first.",
        "transactions",
        TransactionList,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        "/v1/transactions/{id}",
        show_transaction,
        "Show a transaction.",
        "transactions",
        TransactionView,
        parameters=(_ID, *_WAIT_PARAMETERS),
        statuses={404: "This node knows no such transaction, or none any more."},
    ),
    Route(
        "GET",
        "/v1/transactions/{id}/receipt",
        show_receipt,
        "Give the proven receipt, a file that verifies without any node.",
        "transactions",
        dict[str, Any],
        parameters=(_ID, Parameter("file", "The attested file that the receipt is for.")),
        statuses={404: "No such transaction.", 409: "It is not final yet."},
    ),
    Route(
        "GET",
        "/v1/transactions/{id}/readings/{index}",
        prove_reading,
        "Prove one reading of a telemetry transaction.",
        "transactions",
        ReadingProofView,
        parameters=(
            _ID,
            path_parameter("index", "Position in the transaction, from 0."),
        ),
        statuses={404: "There is no such reading."},
    ),
)
