"""Whatever members propose, approve, rotate and report: the committees stay sound."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chain.changes import AddValidator, RemoveValidator, SetEngine, SetWeight, possession_hash
from chain.codec import decode, encode
from chain.evidence import Evidence, VoteSigned, put_in_order
from chain.operations import (
    ApproveChange,
    ProposeChange,
    ReportEvidence,
    RotateVoteKey,
    WithdrawChange,
)
from chain.receipt import Receipt
from chain.scalars import Hash, Height, NodeName, Round, UnixMillis, Weight
from chain.validators import ValidatorSet, compute_proposer
from chain.votes import prevote_hash
from contracts.native.committee import PLAN_LENGTH_MAX, find_planned, get_committee, get_newest
from tests.unit.contracts.support import (
    ORGANISATIONS,
    Ledger,
    make_committee,
    make_hash,
    make_key,
    make_member,
)

NODES = st.sampled_from([f"node-{number}" for number in range(1, 8)])
MEMBERS = st.sampled_from(ORGANISATIONS)
WEIGHTS = st.integers(0, 6)
CHANGES = st.one_of(
    st.builds(
        lambda node, organisation, weight: AddValidator(make_member(node, organisation, weight)),
        NODES,
        MEMBERS,
        WEIGHTS,
    ),
    st.builds(lambda node: RemoveValidator(NodeName(node)), NODES),
    st.builds(lambda node, weight: SetWeight(NodeName(node), Weight(weight)), NODES, WEIGHTS),
    st.just(SetEngine("bft")),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["propose", "approve", "approve", "approve", "rotate", "report", "next"]),
        MEMBERS,
        CHANGES,
        NODES,
        st.integers(0, 5),
    ),
    min_size=5,
    max_size=60,
)


class Governed(Ledger):
    """A ledger that remembers what was proposed, and what it was told of each height."""

    def remember(self) -> None:
        """Begin to remember."""
        self.proposals: list[Hash] = []
        self.rotations = 0
        self.known: dict[int, ValidatorSet] = {}

    def act(self, what: str, sender: str, change: object, node: str, number: int) -> None:
        """Do one drawn thing; whether it is refused is not for this test to say."""
        if what == "next":
            self.begin_block()
        elif what == "propose":
            receipt = self.check(ProposeChange(change), sender)  # type: ignore[arg-type]
            if receipt.is_ok:
                self.proposals.append(receipt.transaction)
        elif what == "approve":
            proposal = self.proposals[-1 - number % 3] if len(self.proposals) > 2 else make_hash(7)
            self.check(ApproveChange(proposal), sender)
            if number == 5:
                self.check(WithdrawChange(proposal), sender)
        elif what == "rotate":
            self.rotate(sender, NodeName(node))
        else:
            self.report(sender, NodeName(node), Height(max(1, self.height - number)), number)

    def rotate(self, sender: str, node: NodeName) -> None:
        """Rotate the newest key of a node to one that nobody has."""
        newest = get_newest(self.overlay).validators
        index = newest.index_of(node)
        if index is None:
            return
        self.rotations += 1
        key = make_key(f"rotated {self.rotations}")
        old = newest.members[index].vote_key
        proof = key.sign(possession_hash(self.hash, node, old, key.public_key))
        self.check(RotateVoteKey(node, key.public_key, proof), sender)

    def report(self, sender: str, node: NodeName, height: Height, round_: int) -> None:
        """Report a node that signed two prevotes with its first key."""
        key, place = make_key(f"vote {node}"), (height, Round(round_))
        votes = [
            VoteSigned(block, UnixMillis(0), key.sign(prevote_hash(self.hash, *place, block)))
            for block in (None, make_hash(1))
        ]
        evidence = Evidence(key.public_key, *place, "prevote", *votes)
        self.check(ReportEvidence(put_in_order(evidence, self.hash)), sender)

    def check(self, operation: object, sender: str) -> Receipt:
        """Apply an operation; a refused one leaves no trace."""
        before = self.overlay.writes()
        receipt = self.apply(operation, sender)  # type: ignore[arg-type]
        assert decode(encode(receipt), Receipt, 1 << 20) == receipt
        if not receipt.is_ok:
            assert self.overlay.writes() == before
            assert receipt.events == ()
        return receipt

    def judge(self) -> None:
        """Check every set that is known by now, from the first height to the last planned one."""
        newest = get_newest(self.overlay)
        assert newest.height <= self.height + 2 + PLAN_LENGTH_MAX + len(newest.validators)
        for number in range(1, max(newest.height, self.height + 2) + 1):
            found = get_committee(self.overlay, Height(number))
            # What decides this height and the next one was settled before this block.
            if number <= self.height + 1:
                assert self.known.setdefault(number, found) == found
            check_sound(found)
            planned = find_planned(self.overlay, Height(number))
            assert planned in (None, found)
            if number > 1:
                before = get_committee(self.overlay, Height(number - 1))
                assert (planned is None) == (before == found)
                assert count_differences(before, found) <= 1


def check_sound(validators: ValidatorSet) -> None:
    """Check what must hold for every set that decides a height."""
    members = validators.members
    assert members
    assert validators.total_weight > 0
    for names in ("node", "vote_key", "tls_key"):
        assert len({getattr(member, names) for member in members}) == len(members)
    if validators.engine == "raft":
        assert {member.weight for member in members} <= {0, 1}
    proposer = compute_proposer(validators, Height(5), Round(3))
    assert members[proposer].weight > 0


def count_differences(before: ValidatorSet, after: ValidatorSet) -> int:
    """Count the nodes that came, went or changed, and a change of engine."""
    old = {member.node: member for member in before.members}
    new = {member.node: member for member in after.members}
    return sum(old.get(node) != new.get(node) for node in old.keys() | new.keys()) + (
        before.engine != after.engine
    )


@given(st.sampled_from([(1, 1, 1, 1), (3, 2, 1), (1,), (1, 1, 0, 1, 1)]), st.booleans(), STEPS)
def test_every_committee_is_sound_and_what_is_settled_stays(
    weights: tuple[int, ...], is_raft: bool, steps: list[tuple[str, str, object, str, int]]
) -> None:
    validators = make_committee(*weights)
    if is_raft and max(weights) == 1:
        validators = replace(validators, engine="raft")
    ledger = Governed(validators=validators)
    ledger.remember()
    for what, sender, change, node, number in steps:
        ledger.act(what, sender, change, node, number)
        ledger.judge()
