"""Operations with hostile values, as far as the decoder lets them through."""

import hashlib
import json
from typing import Any, Final

from hypothesis import strategies as st

from chain import dsse
from chain.changes import (
    AddOrganisation,
    AddValidator,
    InstallContract,
    PauseContract,
    RemoveValidator,
    ResumeContract,
    RollBackContract,
    SetContractPolicy,
    SetEngine,
    SetWeight,
)
from chain.evidence import Evidence, ProposalSigned, VoteSigned
from chain.genesis import ContractPolicy, Organisation
from chain.operations import (
    Acknowledge,
    ApproveChange,
    Attest,
    Call,
    Consent,
    DeployContract,
    PropertyDefinition,
    ProposeChange,
    ProposeContract,
    Reading,
    RegisterKey,
    RegisterTwin,
    ReportEvidence,
    RevokeKey,
    RotateVoteKey,
    RunTimers,
    Telemetry,
    TwinReadings,
    UpdateTwin,
    WithdrawChange,
)
from chain.package import Package, compute_build
from chain.scalars import HEIGHT_MAX, TwinId
from chain.validators import Validator
from chain.values import encode_value
from contracts.language import ENGINE
from tests.unit.contracts.support import NOW, make_hash, make_key

PEOPLE: Final = ("borne-energie", "gridlink", "certis", "device", "inspector", "stranger")
TWINS = st.sampled_from(["t1", "t1", "t1", "t2", "t:3", "t" * 128, "nobody"])
NAMES = st.sampled_from(["a", "b", "native", "wind-turbine", "x" * 64, "A.-_", "0"])
TEXTS = st.one_of(
    st.sampled_from(["", "\0", "\n", "\u2028", "\U0001fae8" * 1024, "{0}", "{code}", "%s", "\x1b"]),
    st.text(max_size=20),
)
NUMBERS = st.sampled_from([0, 1, NOW - 1, NOW, NOW + 1, NOW + 120_001, HEIGHT_MAX])
DEFINITIONS = st.lists(
    st.builds(PropertyDefinition, NAMES, st.sampled_from(["", "KWT", "A" * 8]), TEXTS), max_size=3
).map(tuple)
VALUES = st.one_of(
    st.sampled_from(["", "0", "-0", "1" * 40, "1" * 41, "0." + "0" * 39, "1.", "1e5", "٣", "1\n"]),
    st.text(max_size=5),
)
READINGS = st.builds(
    Reading,
    property=NAMES,
    value=VALUES,
    time_ms=NUMBERS,
    unit=st.sampled_from(["", "KWT"]),
    quality=st.sampled_from([0, 0x40000000, 0x80000000, 0xC0000000, 2**32 - 1]),
    sequence=NUMBERS,
)
GOOD_READINGS = st.builds(Reading, st.just("a"), st.just("1"), NUMBERS, st.just("KWT"))
BATCHES = st.builds(
    TwinReadings,
    TWINS,
    st.lists(READINGS | GOOD_READINGS, min_size=1, max_size=4).map(tuple),
)
GOOD_BATCHES = st.builds(
    TwinReadings, st.just("t1"), st.lists(GOOD_READINGS, min_size=1, max_size=4).map(tuple)
)
ROLES = st.lists(
    st.sampled_from(["administrator", "gateway", "partner", "operator"]), min_size=1, max_size=4
).map(tuple)
KEYS = st.one_of(
    st.sampled_from([make_key(name).public_key for name in PEOPLE]),
    st.sampled_from([bytes(32), b"\x01" + bytes(31), b"\xff" * 32]),
    st.binary(min_size=32, max_size=32),
)
CONTRACTS = st.sampled_from(["c1", "c1", "c1", "c2", "native", "x" * 64])
ENCODED = st.one_of(
    *[st.just(b"\x80")] * 4,
    st.sampled_from(
        [
            *(b"", b"\xc0", b"\x91" * 600 + b"\x90", b"\x81\xa1a\xcb" + bytes(8)),
            *(b"\x81\x01\x01", b"\x81\xa1a\xc7\x03\x02\x7f\xff\x01", b"\xdd\xff\xff\xff\xff"),
        ]
    ),
    st.binary(max_size=12),
    st.dictionaries(
        st.sampled_from("ab"), st.sampled_from([None, True, 1, 2**70, "x", b"y", [], {}])
    ).map(encode_value),
)
GOOD_LITERALS = ('"wind-turbine"', '"a"') * 6
LITERALS = st.sampled_from([*GOOD_LITERALS, '"\\ud800"', '""', '"a/b"', '"\\u00e9"', "5"])
EXPRESSIONS = st.sampled_from(
    [
        *("1", "2**255", "2**256", '"x"*100000', 'Decimal("1e384")', 'Decimal("9"*35)', "[[[1]]]"),
        *("1/0", "[][1]", '"a"<1', "max([])", 'sorted([1,"a"])', '{"a":1}["b"]', "str(2**255)"),
        *('fail("{code}")', 'fail("\\u00e9"*300)', "ctx.sender", 'f"{2**255:>99}"', "check(a)"),
        *('ctx.twin("t1").properties', 'ctx.twin("\\u00e9/")', 'ctx.parameter("a",1)', "v.get()"),
        *('ctx.emit("e",{"a":1})', 'ctx.emit("e e",1)', 'ctx.emit("e","x"*4000)', "v.set(5)"),
        *('m.items("",1000)', 'm.items("",-1)', 'm.items("",2**80)', 'm.get("k")', "v.set(2**255)"),
        'ctx.open_action(kind="order",twin="t1",key="k",title="T",addressee="certis")',
        'ctx.open_action(kind="o o",twin="t1",key="k",title="T",addressee="certis")',
        'ctx.open_action(kind="order",twin="nobody",key="k",title="T",addressee="certis")',
        'ctx.open_action(kind="order",twin="t2",key="/\\u00e9",title="T",addressee="nobody")',
    ]
)
IMPORTS: Final = (
    "from contracts.author import Decimal, Map, Var, call, ctx, fail, initial, on_update"
)


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Give a contract with all kinds of handlers, most often one that the checker accepts."""
    quotes = '"""'
    summaries = [*[f"{quotes}A.{quotes}\n"] * 6, "", f"{quotes}\\ud800{quotes}\n"]
    summary = draw(st.sampled_from(summaries))
    inner = draw(st.sampled_from(["", f"    {quotes}\\x0c A{quotes}\n"]))
    properties = ", ".join(draw(st.lists(LITERALS, min_size=1, max_size=2)))
    start = draw(st.sampled_from(["", '@initial\ndef start():\n    m["k"] = 1\n']))
    lines = draw(
        st.lists(
            st.tuples(st.sampled_from(["x = ", 'm["k"] = ', "return ", ""]), EXPRESSIONS),
            min_size=1,
            max_size=3,
        )
    )
    body = "".join(f"    {left}{right}\n" for left, right in lines)
    return (
        f"{summary}{IMPORTS}\nm = Map(int)\nv = Var(int, 1)\n{start}"
        f"@on_update(model={draw(LITERALS)}, properties=[{properties}])\ndef watch(a):\n{body}"
        f"@call\ndef check(a=1):\n{inner}{body}"
    )


@st.composite
def attestations(draw: st.DrawFn) -> Attest:
    """Give an attestation: a correct envelope around anything, or no envelope at all."""
    twin = TwinId(draw(TWINS))
    odd = draw(st.none() | st.sampled_from([b"[" * 60_000, b'"\\' * 30_000, b"{}", b"\xff"]))
    if odd is not None:
        return Attest(twin, odd)
    named: list[dict[str, Any]] = [{"name": f"veritwin:twin/{twin}", "digest": _digest(twin)}]
    for name in draw(st.lists(TEXTS, max_size=2)):
        size = draw(st.sampled_from([1, -1, 1.5, "1", None, [], 2**53]))
        named.append({"name": name, "digest": _digest(name), "annotations": {"size": size}})
    statement = {
        "_type": dsse.STATEMENT_TYPE,
        "subject": named,
        "predicateType": draw(TEXTS),
        "predicate": draw(st.sampled_from([{}, {"a": [[[]]]}, [], {"n": 10**15}, {"n": 10**16}])),
    }
    signer = make_key(draw(st.sampled_from(PEOPLE)))
    return Attest(twin, dsse.build_envelope(signer, json.dumps(statement).encode()))


def _digest(text: str) -> dict[str, str]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """Give a package, most often one that is what it says."""
    name, source = draw(CONTRACTS), draw(sources())
    if migration := draw(st.sampled_from(["", "", MIGRATION])):
        source = source.replace(IMPORTS, f"{IMPORTS}, upgrade") + migration
    engine = draw(st.sampled_from([*[ENGINE] * 6, "another"]))
    tests, report = draw(st.sampled_from(["", "é"])), draw(TEXTS)
    build = compute_build(name, engine, source, tests, "")
    return Package(name, engine, source, tests, "", "", report, draw(st.just(build) | BLOCKS))


MIGRATION: Final = "@upgrade(from_version=1)\ndef take_over():\n    v.set(v.get() + 1)\n"
VERSIONS = st.sampled_from([0, 0, 1, 1, 1, 2, 2**40])
STARTS = st.sampled_from([0, 0, 0, 2, 3, HEIGHT_MAX])
BLOCKS = st.sampled_from([bytes(32), make_hash(0), make_hash(1)])
LIFE = st.one_of(
    *[st.builds(InstallContract, CONTRACTS, BLOCKS, ENCODED, VERSIONS, STARTS)] * 3,
    st.builds(PauseContract, CONTRACTS),
    st.builds(ResumeContract, CONTRACTS),
    st.builds(RollBackContract, CONTRACTS, VERSIONS, VERSIONS),
    st.builds(
        SetContractPolicy,
        st.builds(
            ContractPolicy,
            st.sampled_from([0, 1, 1, 2, 256]),
            st.lists(st.sampled_from(PEOPLE[:4]), max_size=2).map(tuple),
            st.lists(st.sampled_from(PEOPLE[:4]), max_size=2).map(tuple),
        ),
    ),
)
NODES = st.sampled_from(["node-0", "node-1", "node-9", "N", "x" * 64])
WEIGHTS = st.sampled_from([0, 0, 1, 1, 2, 2**31])
CHANGES = st.one_of(
    st.builds(
        AddOrganisation,
        st.builds(Organisation, st.sampled_from(PEOPLE), TEXTS, KEYS, st.binary(max_size=9)),
    ),
    st.builds(
        AddValidator,
        st.builds(Validator, NODES, st.sampled_from(PEOPLE), KEYS, WEIGHTS, KEYS, KEYS),
        st.sampled_from(["", "host:1", "host:99999", "\0", "é:1"]),
    ),
    st.builds(RemoveValidator, NODES),
    st.builds(SetWeight, NODES, WEIGHTS),
    st.builds(SetEngine, st.sampled_from(["bft", "raft"])),
)
SIGNATURES = st.sampled_from([bytes(64), b"\xff" * 64, b"\x01" + bytes(63)])
ROUNDS = st.sampled_from([0, 1, 2**31 - 1])
SIGNED = st.one_of(
    st.builds(VoteSigned, st.none() | BLOCKS, NUMBERS, SIGNATURES),
    st.builds(ProposalSigned, BLOCKS, st.none() | ROUNDS, BLOCKS, SIGNATURES),
)
GOVERNANCE = st.one_of(
    st.builds(ProposeChange, CHANGES, TEXTS),
    *[st.builds(ProposeChange, LIFE, TEXTS)] * 2,
    *[st.builds(ProposeContract, packages(), ENCODED, VERSIONS, STARTS, TEXTS)] * 2,
    st.builds(ApproveChange, BLOCKS),
    st.builds(WithdrawChange, BLOCKS),
    st.builds(RotateVoteKey, NODES, KEYS, SIGNATURES),
    st.builds(
        ReportEvidence,
        st.builds(
            Evidence,
            KEYS,
            NUMBERS,
            ROUNDS,
            st.sampled_from(["prevote", "precommit", "proposal"]),
            SIGNED,
            SIGNED,
        ),
    ),
)
OPERATIONS = st.one_of(
    GOVERNANCE,
    st.builds(
        RegisterTwin,
        TWINS,
        st.sampled_from(["component", "system", "process", "environment"]),
        NAMES,
        st.none() | TWINS,
        DEFINITIONS,
        TEXTS,
    ),
    st.builds(Telemetry, st.lists(BATCHES, min_size=1, max_size=3).map(tuple)),
    st.builds(Telemetry, st.tuples(GOOD_BATCHES)),
    st.builds(
        UpdateTwin,
        TWINS,
        st.none() | TEXTS,
        st.none() | TWINS,
        DEFINITIONS,
        st.lists(st.tuples(NAMES, TEXTS), max_size=3).map(tuple),
    ),
    st.builds(RegisterKey, KEYS, NAMES, ROLES),
    st.builds(RevokeKey, KEYS, TEXTS),
    attestations(),
    *[st.builds(DeployContract, CONTRACTS, sources(), ENCODED)] * 3,
    st.builds(Call, CONTRACTS, st.sampled_from(["check", "watch", "start", "m"]), ENCODED),
    st.builds(Consent, CONTRACTS, BLOCKS, st.booleans()),
    st.builds(RunTimers),
    st.builds(
        Acknowledge,
        st.just(make_hash(0)),
        st.sampled_from(["acknowledged", "completed", "declined"]),
        TEXTS,
    ),
)
SENDERS = st.sampled_from((*["borne-energie"] * 12, *PEOPLE))
STEPS = st.builds(
    lambda source, steps: [(DeployContract("c1", source, b"\x80"), "borne-energie", False), *steps],
    sources(),
    st.lists(st.tuples(OPERATIONS, SENDERS, st.booleans()), min_size=3, max_size=12),
)
"""Operation, sender, and whether a block ends after it."""
