"""Promises about nodes: none signs twice, blames the innocent, leaves a gap or stops by itself."""

from typing import ClassVar

from chain.operations import ReportEvidence
from chain.scalars import Height, NodeName, PublicKey
from consensus.bft.messages import Proposal, Vote
from consensus.messages import Message, kind_of, sender_of
from consensus.raft.messages import Append, AppendAnswer
from node.replica.effects import Accuse, Commit, Disconnect
from node.replica.messages import AnyPeerMessage, ConsensusMessage
from tests.sim.checkers.base import Checker
from tests.sim.process import Machine
from tests.sim.world import World


class SignedOnce(Checker):
    """No correct validator says two things at one height, round and step, in all its lives."""

    name: ClassVar[str] = "votes"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._said: dict[tuple[int, str, int, int], object] = {}

    def said(self, machine: Machine, message: AnyPeerMessage) -> None:
        """Compare a message of its own with what a machine said before at the same place."""
        if machine.is_faulty or not isinstance(message, ConsensusMessage):
            return
        inner = message.message
        if _author(machine, inner) != machine.name:
            return
        binding = _binding(inner)
        if binding is None:
            return
        round_, content = binding
        place = (machine.index, kind_of(inner), inner.height, round_)
        if self._said.setdefault(place, content) != content:
            self.fail(f"machine {machine.index} signed two {place[1]}s at {inner.height}/{round_}")


class FairBlame(Checker):
    """Nobody correct is accused or convicted of signing twice, or disconnected for what it sent.

    Convicted is who evidence in the chain names, by whichever of its keys.
    """

    name: ClassVar[str] = "blame"

    def accused(self, machine: Machine, accuse: Accuse) -> None:
        """Look at who is accused."""
        author = _author(machine, accuse.first)
        if not machine.is_faulty and author is not None and self._is_correct(author):
            self.fail(f"machine {machine.index} accuses {author}, who is correct")

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Look at whom accepted evidence names."""
        if machine.is_faulty:
            return
        for transaction, receipt in zip(commit.transactions, commit.receipts, strict=True):
            operation = transaction.body.operation
            if receipt.is_ok and isinstance(operation, ReportEvidence):
                for named in self._holders(operation.evidence.key):
                    if not named.is_faulty:
                        self.fail(f"height {commit.height} convicts {named.name}, who is correct")

    def refused(self, machine: Machine, disconnect: Disconnect) -> None:
        """Look at who is disconnected."""
        if not machine.is_faulty and self._is_correct(disconnect.peer):
            self.fail(
                f"machine {machine.index} disconnects {disconnect.peer}, who is correct: "
                f"{disconnect.error}"
            )

    def _holders(self, key: PublicKey) -> list[Machine]:
        return [
            machine
            for machine in self.world.machines
            if any(signer.public_key == key for signer in machine.keys)
        ]

    def _is_correct(self, node: NodeName) -> bool:
        return not self.world.by_name(node).is_faulty


class GapFreeStreams(Checker):
    """Who subscribes to a node hears of every height once, in order, over its restarts.

    After a restart a subscriber reads what is on disk and goes on from there, so what was published
    must be there. A snapshot takes the place of what came before it.
    """

    name: ClassVar[str] = "streams"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._heights: dict[tuple[int, int], Height] = {}
        self._jumps: set[tuple[int, Height]] = set()

    def installed(self, machine: Machine, height: Height) -> None:
        """Remember where a stream may go on; it never goes back."""
        heard = self._heights.get(_stream(machine), Height(0))
        if not machine.is_faulty and height <= heard:
            self.fail(f"machine {machine.index} published {heard} and goes back to {height}")
        self._jumps.add((machine.index, height))

    def started(self, machine: Machine) -> None:
        """Compare what is on disk with what was published before."""
        heard = self._heights.get(_stream(machine), Height(0))
        if machine.is_faulty:
            return
        if machine.head.height < heard:
            self.fail(
                f"machine {machine.index} published height {heard} and starts at "
                f"{machine.head.height}"
            )
        self._heights[_stream(machine)] = machine.head.height

    def published(self, machine: Machine, commit: Commit) -> None:
        """Compare a height with the last one that was published."""
        heard = self._heights.get(_stream(machine), Height(0))
        if machine.is_faulty:
            return
        is_next = commit.height == heard + 1
        jumped = (machine.index, Height(commit.height - 1)) in self._jumps
        if not is_next and not (jumped and commit.height > heard):
            self.fail(f"machine {machine.index} publishes {commit.height} after {heard}")
        self._heights[_stream(machine)] = commit.height


class StaysUp(Checker):
    """No correct node stops by itself, unless its disk gives it a reason."""

    name: ClassVar[str] = "alive"

    def halted(self, machine: Machine, error: Exception) -> None:
        """Ask for the reason."""
        if not machine.is_faulty and not machine.is_damaged:
            self.fail(f"machine {machine.index} stopped: {type(error).__name__}: {error}")


def _binding(message: Message) -> tuple[int, object] | None:
    """Give the round or term in which a message binds its author, and what to; None if it does not.

    Under Raft a leader is bound to the entry of its term, a follower to what it acknowledged.
    """
    match message:
        case Proposal() | Vote():
            return message.round, message
        case Append() if message.block is not None:
            return message.term, message.block
        case AppendAnswer() if message.acknowledgement is not None:
            return message.term, message.acknowledgement
        case _:
            return None


def _author(machine: Machine, message: Message) -> NodeName | None:
    """Give who signed a message, as a machine sees it; None for heights it knows nothing of."""
    head = machine.head
    validators = {head.height: head.last_validators, head.next_height: head.validators}
    known = validators.get(Height(message.height))
    member = None if known is None else known.get(sender_of(message))
    return None if member is None else member.node


def _stream(machine: Machine) -> tuple[int, int]:
    return machine.index, machine.wipes
