"""Made-up observations of a network of four: all is well, unless a test changes something."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace as with_fields

from chain.scalars import UnixMillis
from chain.validators import EngineName
from node.alarm import FORMAT, Alarm, BlockDifference
from node.api.views.consensus import AttendeeView, ConsensusView, MachineView, VoteView
from node.api.views.status import MempoolView, StatusView
from node.diagnosis.finding import Finding
from node.diagnosis.observation import (
    HomeSight,
    Member,
    Observation,
    OddAnswer,
    Sight,
    Silence,
    StateDifference,
    Unproven,
)
from node.diagnosis.scene import Scene

NAMES = ("alpha-1", "beta-1", "gamma-1", "delta-1")
NOW_MS = UnixMillis(1_700_000_000_000)
HEIGHT = 200
"""Height of the head in these scenes."""
Rule = Callable[[Scene], Any]


def organisation_of(node: str) -> str:
    return node.removesuffix("-1")


def attendee(observer: str, node: str, **changed: Any) -> AttendeeView:
    """Another validator as a healthy node sees it, connected for an hour and just heard."""
    seen = AttendeeView(
        node=node,
        organisation=organisation_of(node),
        weight=1,
        is_self=node == observer,
        is_configured=True,
        connected=True,
        since_ms=NOW_MS - 3_600_000,
        heard_ms=NOW_MS - 200,
        height=HEIGHT,
        mute="",
        has_prevoted=False,
        has_precommitted=False,
        last_vote=VoteView(kind="precommit", height=HEIGHT, round=0, seen_ms=NOW_MS - 900),
        clock_offset_ms=0,
        rtt_ms=0.5,
        certificate_expires_ms=NOW_MS + 400 * 86_400_000,
        last_error=None,
    )
    return with_fields(seen, **changed)


def lost(observer: str, node: str, ago_ms: int, error: str | None = None) -> AttendeeView:
    """A validator that is not connected any more."""
    return attendee(
        observer,
        node,
        connected=False,
        since_ms=NOW_MS - ago_ms,
        heard_ms=NOW_MS - ago_ms - 100,
        last_error=error,
        rtt_ms=None,
        certificate_expires_ms=None,
    )


def consensus(
    node: str, attendees: Sequence[AttendeeView] | None = None, **changed: Any
) -> ConsensusView:
    """Consensus at a healthy node, a second after a commit."""
    known = {one.node: one for one in attendees or ()}
    view = ConsensusView(
        node=node,
        organisation=organisation_of(node),
        engine="bft",
        now_ms=NOW_MS,
        started_ms=NOW_MS - 3_600_000,
        first_height=3,
        base=0,
        height=HEIGHT + 1,
        committed_ms=NOW_MS - 1_000,
        interval_ms_max=30_000,
        round=0,
        round_since_ms=NOW_MS - 1_000,
        step="wait",
        proposer="beta-1",
        has_proposal=False,
        quorum=3,
        honest=2,
        validators=[known.get(name, attendee(node, name)) for name in NAMES],
        accusations=[],
        refusals=[],
        catch_up=None,
    )
    return with_fields(view, **changed)


def machine(node: str, **changed: Any) -> MachineView:
    """A machine with room for everything."""
    view = MachineView(
        node=node,
        version="0.1.0",
        now_ms=NOW_MS,
        started_ms=NOW_MS - 3_600_000,
        disk_free_bytes=100 << 30,
        disk_free_bytes_min=128 << 20,
        database_bytes=1 << 20,
        mempool_transactions=10,
        mempool_transactions_max=100_000,
        mempool_bytes=5_000,
        mempool_bytes_max=64 << 20,
        worker_restarts=0,
        transactions_set_aside=0,
        worker_restarted_ms=None,
        certificates=[],
        fault=None,
    )
    return with_fields(view, **changed)


def status(node: str, **changed: Any) -> StatusView:
    """The status of a healthy node."""
    view = StatusView(
        chain_id="test",
        genesis="ab" * 32,
        engine="bft",
        organisation=organisation_of(node),
        node=node,
        version="0.1.0",
        height=HEIGHT,
        state_root="00" * 32,
        block_hash="00" * 32,
        block_time_ms=NOW_MS - 2_000,
        last_commit_ms=NOW_MS - 1_000,
        commit_latency_ms=30,
        round=0,
        step="wait",
        peers=[],
        validators=4,
        quorum=3,
        mempool=MempoolView(transactions=0, bytes=0),
        transactions_total=1,
        twins_total=1,
        updates_per_second=0.0,
        ready=True,
        reasons=[],
    )
    return with_fields(view, **changed)


def sight(
    node: str,
    attendees: Sequence[AttendeeView] | None = None,
    *,
    clock_ms: float = 0.0,
    margin_ms: float = 1.0,
    of_status: dict[str, Any] | None = None,
    of_consensus: dict[str, Any] | None = None,
    of_machine: dict[str, Any] | None = None,
) -> Sight:
    """What a node answers; its own clock is `clock_ms` ahead."""
    return Sight(
        f"http://{node}:8000",
        status(node, **(of_status or {})),
        consensus(node, attendees, **(of_consensus or {})),
        machine(node, **(of_machine or {})),
        clock_ms,
        margin_ms,
    )


def refused(node: str) -> Silence:
    """An address where nothing listens."""
    return Silence(f"http://{node}:8000", node, "connection refused", is_refused=True)


def timed_out(node: str) -> Silence:
    """An address that takes connections and says nothing."""
    return Silence(f"http://{node}:8000", node, "no answer within 3 s")


def alarm(code: str = "VT-3041", **changed: Any) -> Alarm:
    """What a node wrote down before it stopped."""
    made = Alarm(
        format=FORMAT,
        node="delta-1",
        version="0.1.0",
        code=code,
        why="It broke.",
        height=150,
        first_ms=NOW_MS - 600_000,
        last_ms=NOW_MS - 60_000,
    )
    return with_fields(made, **changed)


def difference(**changed: Any) -> BlockDifference:
    """A block with two results, as an alarm keeps it."""
    made = BlockDifference(
        block="cc" * 32,
        decided_root="dd" * 32,
        own_root="ee" * 32,
        fields=["state_root"],
        transactions=[],
        keys=[],
        keys_left_out=0,
        nodes="",
        damaged=[],
    )
    return with_fields(made, **changed)


def home(node: str, **changed: Any) -> HomeSight:
    """A node's folder on this machine."""
    values: dict[str, Any] = {
        "node": node,
        "organisation": organisation_of(node),
        "folder": f"try-out/{node}",
        "alarm": None,
        "free_bytes": 100 << 30,
        "free_bytes_min": 128 << 20,
        "certificates": (),
    }
    return HomeSight(**(values | changed))


def observe(
    *sights: Sight,
    silent: Sequence[Silence] = (),
    odd: Sequence[OddAnswer] = (),
    homes: Sequence[HomeSight] = (),
    differences: Sequence[StateDifference] = (),
    weights: Sequence[int] = (1, 1, 1, 1),
    unproven: Sequence[Unproven] = (),
    engine: EngineName = "bft",
) -> Observation:
    """An observation of what these nodes answer; all four, and well, when none is given."""
    members = tuple(
        Member(name, organisation_of(name), weight)
        for name, weight in zip(NAMES, weights, strict=True)
    )
    seen = sights or tuple(sight(name) for name in NAMES)
    if silent and not sights:
        seen = ()
    quorum = sum(weights) // 2 + 1 if engine == "raft" else sum(weights) * 2 // 3 + 1
    return Observation(
        NOW_MS,
        members,
        quorum,
        seen,
        tuple(silent),
        tuple(odd),
        tuple(homes),
        tuple(differences),
        tuple(unproven),
        engine=engine,
    )


def ask(rule: Rule, observation: Observation) -> list[Finding]:
    """Give what one rule finds."""
    return list(rule(Scene(observation)))
