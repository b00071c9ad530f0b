"""The running node in the words of its API: how consensus stands, what the machine has."""

from collections.abc import Iterator, Mapping

from cryptography.hazmat.primitives.serialization import Encoding

from chain.genesis import Genesis
from chain.scalars import Height, NodeName
from chain.validators import Validator, ValidatorSet, compute_proposer
from consensus.bft.repair import RoundSummary
from node.alarm import Alarm
from node.api.views.consensus import (
    AccusationView,
    AttendeeView,
    CatchUpView,
    CertificateExpiryView,
    ConsensusView,
    FaultView,
    MachineView,
    RefusalView,
    SnapshotView,
    VoteView,
)
from node.attendance import Contact, SeenVote, read_votes
from node.clock import now_ms
from node.config import NodeConfig
from node.health import supported_height
from node.home import authorities_of, credentials_of
from node.p2p.certificates import load_certificate
from node.p2p.settings import PeerStatus
from node.p2p.tls import compute_expiry_ms
from node.runtime import Runtime


def describe_consensus(runtime: Runtime) -> ConsensusView:
    """Say how far consensus is, and who takes part."""
    attendance, summary = runtime.attendance, runtime.view.summary
    validators = runtime.view.head.validators
    now = runtime.circumstances()
    return ConsensusView(
        node=now.own_name,
        organisation=runtime.own_organisation,
        engine=validators.engine,
        now_ms=now.now_ms,
        started_ms=runtime.started_ms,
        first_height=attendance.first_height,
        base=runtime.view.base,
        height=summary.height,
        committed_ms=runtime.last_commit_ms,
        interval_ms_max=now.block_interval_ms_max,
        round=summary.round,
        round_since_ms=attendance.position.since_ms,
        step=summary.step_name,
        proposer=_find_proposer(runtime, validators),
        has_proposal=summary.has_proposal,
        quorum=validators.quorum_weight,
        honest=validators.honest_weight,
        validators=list(_describe_attendees(runtime, validators)),
        accusations=[
            AccusationView(
                node=one.node,
                kind=one.kind,
                height=one.height,
                round=one.round,
                seen_ms=one.seen_ms,
            )
            for one in attendance.accusations
        ],
        refusals=[
            RefusalView(height=one.height, block=one.block.hex(), why=one.why, seen_ms=one.seen_ms)
            for one in attendance.refusals
        ],
        catch_up=_describe_catch_up(runtime, supported_height(now)),
    )


def _find_proposer(runtime: Runtime, validators: ValidatorSet) -> str:
    """Name whose turn it is to propose, or the leader; empty while no leader is known."""
    summary = runtime.view.summary
    if isinstance(summary, RoundSummary):
        index = compute_proposer(validators, summary.height, summary.round)
        return validators.members[index].node
    leader = None if summary.leader is None else validators.get(summary.leader)
    return "" if leader is None else leader.node


def _describe_catch_up(runtime: Runtime, target: int) -> CatchUpView | None:
    start = runtime.attendance.catch_up
    if start is None:
        return None
    loading = runtime.view.snapshot
    snapshot = None
    if loading is not None:
        snapshot = SnapshotView(
            height=loading.height,
            parts_done=loading.done,
            parts_known=loading.known,
            size_bytes=loading.size_bytes,
            state_permille=loading.state_permille,
        )
    return CatchUpView(
        target=target, first_height=start.height, since_ms=start.since_ms, snapshot=snapshot
    )


def _describe_attendees(runtime: Runtime, validators: ValidatorSet) -> Iterator[AttendeeView]:
    view = runtime.view
    peers = {peer.name: peer for peer in runtime.network.peers()}
    configured = {peer.node for peer in runtime.opened.config.peers}
    heights: Mapping[NodeName, Height] = dict(view.peer_heights)
    votes = read_votes(view.summary, validators)
    mute = dict(view.mute_peers)
    for member in validators.members:
        is_self = member.node == runtime.opened.config.node
        contact = _contact(runtime, member, is_self=is_self)
        peer = peers.get(member.node)
        yield AttendeeView(
            node=member.node,
            organisation=member.organisation,
            weight=member.weight,
            is_self=is_self,
            is_configured=is_self or member.node in configured,
            connected=contact.is_connected,
            since_ms=contact.since_ms,
            heard_ms=contact.heard_ms,
            height=view.head.height if is_self else heights.get(member.node),
            mute=view.mute if is_self else mute.get(member.node, ""),
            has_prevoted=member.node in votes.get("prevote", ()),
            has_precommitted=member.node in votes.get("precommit", ()),
            last_vote=_describe_vote(runtime.attendance.vote(member.node)),
            clock_offset_ms=runtime.attendance.clock_offset_ms(member.node),
            rtt_ms=None if peer is None else peer.rtt_ms,
            certificate_expires_ms=None if peer is None else peer.certificate_expires_ms,
            last_error=_find_error(contact, peer),
        )


def _contact(runtime: Runtime, member: Validator, *, is_self: bool) -> Contact:
    if is_self:
        return Contact(True, runtime.started_ms, now_ms())
    return runtime.attendance.contact(member.node)


def _find_error(contact: Contact, peer: PeerStatus | None) -> str | None:
    """Give why a peer is not connected: what the last dial said, else how the connection ended."""
    if contact.is_connected:
        return None
    return (peer.last_error if peer is not None else None) or contact.reason


def _describe_vote(vote: SeenVote | None) -> VoteView | None:
    if vote is None:
        return None
    return VoteView(kind=vote.kind, height=vote.height, round=vote.round, seen_ms=vote.seen_ms)


def describe_machine(
    runtime: Runtime, version: str, certificates: list[CertificateExpiryView]
) -> MachineView:
    """Say what the node has and uses of its machine."""
    config, measure = runtime.opened.config, runtime.measure
    return MachineView(
        node=config.node,
        version=version,
        now_ms=now_ms(),
        started_ms=runtime.started_ms,
        disk_free_bytes=measure.free_bytes,
        disk_free_bytes_min=config.storage.free_bytes_min,
        database_bytes=measure.database_bytes,
        mempool_transactions=runtime.view.waiting,
        mempool_transactions_max=config.limits.mempool_transactions_max,
        mempool_bytes=runtime.view.waiting_bytes,
        mempool_bytes_max=config.limits.mempool_size_bytes_max,
        worker_restarts=measure.worker_restarts,
        worker_restarted_ms=measure.worker_restarted_ms,
        transactions_set_aside=runtime.view.set_aside,
        certificates=certificates,
        fault=describe_fault(runtime.alarms.last),
    )


def describe_fault(alarm: Alarm | None) -> FaultView | None:
    """Say in short why a node stopped."""
    if alarm is None:
        return None
    return FaultView(
        code=alarm.code,
        why=alarm.why,
        height=alarm.height,
        first_ms=alarm.first_ms,
        last_ms=alarm.last_ms,
        count=alarm.count,
    )


def list_certificates(config: NodeConfig, genesis: Genesis) -> list[CertificateExpiryView]:
    """Give when the TLS certificates end that this node shows or trusts.

    Raises: InvalidInput: VT-5021 or VT-1305, one of them cannot be read.
    """
    own = load_certificate(credentials_of(config).certificate)
    named = [(f"node {config.node}", own)]
    named += [
        (f"CA of {organisation.id}", authority)
        for organisation, authority in zip(
            genesis.organisations, authorities_of(genesis), strict=True
        )
    ]
    return [
        CertificateExpiryView(
            name=name, expires_ms=compute_expiry_ms(certificate.public_bytes(Encoding.DER))
        )
        for name, certificate in named
    ]
