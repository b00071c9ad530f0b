"""Whatever is sent: a refused transaction leaves no trace, and every receipt is canonical."""

from hypothesis import given
from hypothesis import strategies as st

from chain.codec import decode, encode
from chain.operations import (
    Acknowledge,
    Attest,
    Call,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    RevokeKey,
    Telemetry,
    TwinReadings,
    UpdateTwin,
)
from chain.receipt import Receipt
from contracts.executor import Execution
from tests.unit.contracts.contract_support import CONTRACT, deploy_watcher
from tests.unit.contracts.native.test_actions import Opener, make_request
from tests.unit.contracts.native.test_attestations import make_attest, make_payload
from tests.unit.contracts.support import NOW, Ledger, make_hash, make_key

TWINS = st.sampled_from(["t1", "t2", "t3", "nobody"])
PEOPLE = st.sampled_from(["borne-energie", "gridlink", "windcare", "k1", "k2"])
KEYS = st.sampled_from(["k1", "k2", "gridlink"]).map(lambda name: make_key(name).public_key)
DEFINITIONS = st.lists(
    st.builds(PropertyDefinition, st.sampled_from("ab"), st.sampled_from(["KWT", ""])),
    max_size=2,
).map(tuple)
READINGS = st.builds(
    Reading,
    property=st.sampled_from("abc"),
    value=st.sampled_from(["1", "2.5", "", "x"]),
    time_ms=st.sampled_from([NOW - 1, NOW, NOW + 1, NOW + 10**9]),
    unit=st.sampled_from(["KWT", ""]),
    quality=st.sampled_from([0, 0x80000000, 0xC0000000]),
)
BATCHES = st.builds(TwinReadings, TWINS, st.lists(READINGS, max_size=3).map(tuple))
ROLES = st.lists(
    st.sampled_from(["administrator", "gateway", "partner", "operator"]), min_size=1, max_size=2
).map(tuple)
OPERATIONS = st.one_of(
    st.builds(
        RegisterTwin,
        TWINS,
        st.sampled_from(["component", "system"]),
        st.just("wind-turbine"),
        st.none() | TWINS,
        DEFINITIONS,
    ),
    st.builds(Telemetry, st.lists(BATCHES, max_size=3).map(tuple)),
    st.builds(UpdateTwin, TWINS, st.none() | st.just("text"), st.none() | TWINS, DEFINITIONS),
    st.builds(RegisterKey, KEYS, st.just("label"), ROLES),
    st.builds(RevokeKey, KEYS, st.just("lost")),
    st.builds(lambda twin, who: make_attest(make_payload(twin), who), TWINS, PEOPLE),
    st.builds(Attest, TWINS, st.sampled_from([b"{}", b"["])),
    st.builds(Call, st.sampled_from([CONTRACT, "nothing"]), st.just("check"), st.just(b"\x80")),
    st.builds(
        Acknowledge,
        st.just(make_hash(0)),
        st.sampled_from(["acknowledged", "completed", "declined"]),
    ),
)


class Moody(Opener):
    """Writes, opens an action, and then ends as drawn."""

    ending = Execution(status="ok", value=b"\xc0", gas_used=3)

    def _open(self, invocation, host):
        super()._open(invocation, host)
        host.put("k", b"\x01")
        return Execution(status="ok") if invocation.kind == "initial" else self.ending


STEPS = st.lists(
    st.tuples(OPERATIONS, PEOPLE, st.sampled_from(["ok", "error", "out_of_gas"])), max_size=25
)


@given(STEPS)
def test_a_refused_transaction_leaves_no_trace(steps):
    ledger = Ledger(executor=Moody(make_request(twin="t1")))
    deploy_watcher(ledger)
    for operation, sender, status in steps:
        if isinstance(operation, Acknowledge):
            twins = [value for key, value in ledger.overlay.range(b"action/", b"action0", 1)]
            if twins:
                operation = Acknowledge(twins[0][3:35], operation.outcome)
        ledger.executor.ending = Execution(status=status, value=b"\xc0", gas_used=3)
        before = ledger.overlay.writes()
        receipt = ledger.apply(operation, sender)
        assert ledger.overlay.depth == 0
        assert decode(encode(receipt), Receipt, 1 << 20) == receipt
        if not receipt.is_ok:
            assert ledger.overlay.writes() == before
            assert receipt.events == ()
            assert receipt.message
