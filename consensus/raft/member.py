"""One member of a Raft committee: what all parts of the engine share, and how it speaks."""

from collections.abc import Sequence
from enum import IntEnum

from chain.keys import Signer
from chain.scalars import Hash, Height, Round, Signature, UnixMillis
from chain.validators import ValidatorSet
from consensus.chain import Chain, Tip
from consensus.effects import Effect, FellBehind, Persist, Send, SetTimer
from consensus.own_key import find_own_key
from consensus.raft import rules
from consensus.raft.messages import NO_SIGNATURE, Message
from consensus.raft.offers import OfferBook
from consensus.raft.rules import LogPosition
from consensus.raft.signing import Author
from consensus.raft.state import RaftState, enter_height, enter_term
from consensus.value import Timer, Value
from consensus.verdicts import Verdict


class Role(IntEnum):
    """What a member is in its present term."""

    FOLLOWER = 0
    PRE_CANDIDATE = 1
    CANDIDATE = 2
    LEADER = 3


class Member:
    """Where this node stands. `effects` collects what has to be done; the engine empties it.

    `state` is what must survive a power cut, `durable` the last one that was asked to be written.
    """

    def __init__(self, chain: Chain, signers: Sequence[Signer], tip: Tip, state: RaftState) -> None:
        self.chain = chain
        self.state = state
        self.durable: RaftState | None = None
        self.role = Role.FOLLOWER
        self.leader: int | None = None
        """Whom this member follows in its term, once it has heard of it."""
        self.silent_ticks = 0
        """Ticks since the leader was heard, a vote was given or a time-out ran out."""
        self.attempt = 0
        """Time-outs in a row without a leader."""
        self.rejected_term: Round | None = None
        """The term of a leader whose entry is not valid here: it is not followed."""
        self.is_wanted = tip.height == 1
        """Whether there is something to order; the first height does not wait for it."""
        self.now_ms = tip.previous_time_ms
        self.effects: list[Effect] = []
        self._signers = signers
        self._announced = tip.height
        self._begin_height(tip)
        if state.entry is not None:
            self.offers.add(state.entry.value)
            self.offers.mark_valid(state.entry.value)

    def _begin_height(self, tip: Tip) -> None:
        self.tip = tip
        own = find_own_key(self._signers, tip.validators, only_voters=False)
        self.author = Author(self.chain.genesis_hash, own)
        self.offers = OfferBook()
        self.is_decided = False

    # ------------------------------------------------------------------ what it is

    @property
    def height(self) -> Height:
        """The height above the chain."""
        return self.tip.height

    @property
    def validators(self) -> ValidatorSet:
        """The committee of the height."""
        return self.tip.validators

    @property
    def own_index(self) -> int | None:
        """This node's place in the committee."""
        return self.author.index

    @property
    def is_voter(self) -> bool:
        """Whether this node's voice counts at this height."""
        return rules.is_voter(self.validators, self.own_index)

    @property
    def is_leader(self) -> bool:
        """Whether this member leads its term."""
        return self.role is Role.LEADER

    @property
    def hears_leader(self) -> bool:
        """Whether a leader, perhaps this member itself, is alive as far as it knows."""
        if self.is_leader:
            return True
        return self.leader is not None and not rules.is_silent(self.silent_ticks)

    @property
    def position(self) -> LogPosition:
        """Where this member's log ends."""
        previous = self.tip.previous
        return rules.compute_position(self.state, previous.round if previous else Round(0))

    @property
    def previous_block(self) -> Hash:
        """The name of the block below the height."""
        return self.tip.previous.block if self.tip.previous else self.chain.genesis_hash

    def others(self) -> list[int]:
        """Give the indexes of all other members, with and without weight."""
        return [index for index in range(len(self.validators)) if index != self.own_index]

    def find_value(self, block: Hash) -> Value | None:
        """Give the value of a name, when this member knows it."""
        entry = self.state.entry
        if entry is not None and entry.value.id == block:
            return entry.value
        return self.offers.find(block)

    def verdict(self, value: Value) -> Verdict | None:
        """Give what is known about a value; an entry was found valid before it was held."""
        entry = self.state.entry
        is_entry = entry is not None and entry.value == value
        return Verdict.VALID if is_entry else self.offers.verdict(value)

    # ------------------------------------------------------------------ what it becomes

    def follow(self, term: Round, leader: int | None) -> None:
        """3.3: be a follower in a term. In a term it is in already, the vote stays given."""
        if term > self.state.term or leader is not None:
            self.rejected_term = None
        self.state = enter_term(self.state, term)
        self.role = Role.FOLLOWER
        self.leader = leader
        if leader is not None:
            self.silent_ticks = self.attempt = 0

    def lead(self) -> None:
        """3.4: a majority voted for this member in its term."""
        self.role = Role.LEADER
        self.leader = self.own_index
        self.silent_ticks = self.attempt = 0

    def hold(self, value: Value) -> bool:
        """Take a valid value as the entry of the present term, with one's own precommit.

        Returns: no when this member has no voice here, or its guard refuses.
        """
        if not self.is_voter or not rules.may_sign(self.state):
            return False
        if rules.is_own_term(self.state.entry, self.state):
            return True
        time_ms = max(self.now_ms, UnixMillis(value.time_ms + 1))
        state = self.author.hold(self.state, value, time_ms)
        if state is None:
            return False
        self.state = state
        return True

    def enter(self, tip: Tip) -> None:
        """Go to the height above a committed block, in the same role."""
        leader = None if self.leader is None else self.validators.members[self.leader].node
        was_durable, term = self.state is self.durable, self.state.term
        self.state = enter_height(self.state, tip)
        if self.state.term > term:
            leader = None
        elif was_durable:
            # The block outdates the entry on disk; what else is there holds still.
            self.durable = self.state
        self._begin_height(tip)
        self.leader = None if leader is None else tip.validators.index_of(leader)

    # ------------------------------------------------------------------ what it says

    def stamp(self) -> tuple[Height, Round, int, Signature]:
        """Give the beginning of every message; the signature comes last."""
        assert self.own_index is not None, "only members speak"
        return self.height, self.state.term, self.own_index, NO_SIGNATURE

    def say(self, message: Message, *to: int) -> None:
        """Sign a message once and send it to members."""
        if to:
            signed = self.author.sign(message)
            self.effects += [Send(index, signed) for index in to]

    def set_timer(self, timer: Timer, delay_ms: int) -> None:
        """Ask for a timer."""
        self.effects.append(SetTimer(timer, delay_ms))

    def note_ahead(self, height: Height) -> None:
        """Others work at a later height: ask for the blocks, once for each height."""
        is_next = height == self.height + 1
        if height <= max(self._announced, self.height) or (self.is_decided and is_next):
            return
        self._announced = height
        self.effects.append(FellBehind(height))

    def take_effects(self) -> list[Effect]:
        """Give what has to be done, and first of all what must be durable before it."""
        effects, self.effects = self.effects, []
        if self.state is self.durable:
            return effects
        self.durable = self.state
        return [Persist(self.state), *effects]
