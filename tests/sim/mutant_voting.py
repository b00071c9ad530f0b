"""Planted bugs in the BFT engine: voting, locking, counting, signing, and repair."""

from typing import Final

from tests.sim.mutant import Edit, Engines, Mutant, Seeds, Tests, Twins

_PAPER: Final = "tests/papers/test_tendermint_paper.py::"
_UNIT: Final = "tests/unit/consensus/"

VOTING_MUTANTS: Final = (
    Mutant(
        "ignore-the-lock",
        "L23: a locked node prevotes any fresh value",
        (
            Edit(
                "consensus/bft/rules.py",
                """    return is_valid and (
        state.locked_round == NO_ROUND or state.locked_value_id == proposal.value.id
    )""",
                "    return is_valid",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "unlock-too-early",
        "L29: a lock gives way to prevotes of a round before it",
        (
            Edit(
                "consensus/bft/rules.py",
                "state.locked_round <= proposal.valid_round or state",
                "state.locked_round >= proposal.valid_round or state",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "lock-without-a-quorum",
        "L36: f + 1 prevotes are enough to lock and precommit",
        (
            Edit(
                "consensus/bft/rules.py",
                """        and state.valid_round < state.round
        and votes.has_quorum("prevote", state.round, proposal.value.id)""",
                """        and state.valid_round < state.round
        and votes.tally("prevote", state.round).weight_for(proposal.value.id) >= 2""",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "trust-a-valid-round",
        "L28: the prevotes of the valid round that a proposal names are not asked for",
        (
            Edit(
                "consensus/bft/rules.py",
                """        and 0 <= proposal.valid_round < state.round
        and votes.has_quorum("prevote", proposal.valid_round, proposal.value.id)""",
                "        and 0 <= proposal.valid_round < state.round",
            ),
        ),
        Tests((_PAPER + "test_L28_an_old_value_needs_two_thirds_of_prevotes_in_its_valid_round",)),
    ),
    Mutant(
        "lose-the-valid-value",
        "L15: a proposer that knows a valid value proposes a new one",
        (Edit("consensus/bft/rules.py", "    return state.valid_value\n", "    return None\n"),),
        Twins(),
    ),
    Mutant(
        "forget-the-lock-on-restart",
        "a node comes back without what it locked on",
        (
            Edit(
                "consensus/bft/core.py",
                "    return replace(hard_state, last_signed=guard)",
                """    return replace(
        hard_state, last_signed=guard, locked_value_id=None, locked_round=-1,
        valid_value=None, valid_round=-1, valid_prevotes=(),
    )""",
            ),
        ),
        Engines(),
    ),
    Mutant(
        "forget-the-guard-on-restart",
        "a node comes back without its votes and without the last position it signed at",
        (
            Edit(
                "consensus/bft/core.py",
                "    return replace(hard_state, last_signed=guard)",
                "    return initial_state(height, NEVER_SIGNED)",
            ),
        ),
        Seeds(kinds=("power-cut",)),
    ),
    Mutant(
        "sign-twice-unseen",
        "a node forgets its guard over a restart, and nobody looks for contradictions",
        (
            Edit(
                "consensus/bft/core.py",
                "    return replace(hard_state, last_signed=guard)",
                "    return initial_state(height, NEVER_SIGNED)",
            ),
            Edit(
                "consensus/bft/height.py",
                "            self.effects.append(Accuse(*conflict))",
                "            del conflict",
            ),
            Edit(
                "consensus/bft/core.py",
                "for conflict in self._height.log.find_conflicts(certificate)]",
                "for conflict in ()]",
            ),
        ),
        Seeds(kinds=("power-cut",)),
        only="votes",
    ),
    Mutant(
        "no-seal",
        "a node that lost its state signs on at the same height",
        (
            Edit(
                "consensus/bft/core.py",
                "        guard = seal(last_signed)",
                "        guard = last_signed",
            ),
        ),
        Tests((_UNIT + "bft/test_core.py",)),
    ),
    Mutant(
        "guard-off-by-one",
        "the guard allows a second signature at the last position",
        (
            Edit(
                "consensus/last_signed.py",
                "if position > self.position or (position == self.position and "
                "digest == self.digest):",
                "if position >= self.position:",
            ),
        ),
        Tests((_UNIT + "test_last_signed.py",)),
    ),
    Mutant(
        "half-is-a-majority",
        "half of the weight decides",
        (
            Edit(
                "chain/validators.py",
                "        return self.total_weight * 2 // 3 + 1",
                "        return self.total_weight // 2",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "exactly-two-thirds",
        "a quorum is two thirds of the weight, not more than that",
        (
            Edit(
                "chain/validators.py",
                "        return self.total_weight * 2 // 3 + 1",
                "        return -(-self.total_weight * 2 // 3)",
            ),
        ),
        Seeds(),
        only="validity",
    ),
    Mutant(
        "count-votes-not-weight",
        "a quorum is computed from the number of members",
        (
            Edit(
                "chain/validators.py",
                "        return sum(member.weight for member in self.members)",
                "        return len(self.members)",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "count-votes-twice",
        "a vote that comes again counts again",
        (
            Edit(
                "consensus/bft/log.py",
                "        is_known = first is not None and not _differ(first, vote)",
                "        is_known = False",
            ),
            Edit(
                "consensus/bft/log.py",
                "        if counts:\n            self.votes.add(vote)",
                "        if counts or first == vote:\n            self.votes.add(vote)",
            ),
            Edit(
                "consensus/bft/log.py",
                "        if first is not None and self.votes.accuse_once(vote):",
                "        if first not in (None, vote) and self.votes.accuse_once(vote):",
            ),
            Edit(
                "consensus/bft/votes.py",
                "        if (vote.validator, vote.block) not in self._votes:\n",
                "        if vote is not None:\n",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "nil-votes-in-the-certificate",
        "the certificate, and with it the time of the next block, takes in votes for nil",
        (
            Edit(
                "consensus/bft/votes.py",
                """votes.tally("precommit", round_).votes_for(block)
        ),""",
                """votes.tally("precommit", round_).votes()
        ),""",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "decide-on-prevotes",
        "L49: a quorum of prevotes decides",
        (
            Edit(
                "consensus/bft/votes.py",
                """            if kind == "precommit"
            for block""",
                """            if kind == "prevote"
            for block""",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "precommit-after-nil",
        "L37: a node locks and precommits a value after it precommitted nil",
        (
            Edit(
                "consensus/bft/rules.py",
                "    return state.step == Step.PREVOTE\n\n\ndef has_nil_prevotes",
                "    return True\n\n\ndef has_nil_prevotes",
            ),
            Edit(
                "consensus/bft/height.py",
                "        if index is None or self.log.votes.tally(kind, self.state.round)"
                ".first(index) is not None:",
                "        if index is None:",
            ),
            Edit(
                "consensus/last_signed.py",
                "if position > self.position or (position == self.position and "
                "digest == self.digest):",
                "if position >= self.position:",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "accept-a-wrong-proposer",
        "anybody may propose in any round",
        (
            Edit(
                "consensus/bft/checks.py",
                "    if proposal.proposer != expected:",
                "    if proposal.proposer < 0:",
            ),
        ),
        Tests((_UNIT + "bft/test_checks.py",)),
    ),
    Mutant(
        "no-signature-check",
        "proposals and votes count whoever wrote them",
        (
            Edit(
                "consensus/bft/checks.py",
                "    if not verify(member.vote_key, hash_of(message, genesis), message.signature):",
                "    if not message.signature:",
            ),
        ),
        Seeds(kinds=("mutation",)),
    ),
    Mutant(
        "vote-before-the-check",
        "L23: a value is prevoted before it was executed",
        (
            Edit(
                "consensus/verdicts.py",
                "        return self._verdicts.get(value) is Verdict.VALID",
                "        return self._verdicts.get(value) is not Verdict.MISMATCHED",
            ),
        ),
        Tests(("tests/papers/test_tendermint_paper.py",)),
    ),
    Mutant(
        "no-round-skip",
        "L55: a node does not follow a third of the weight into a later round",
        (
            Edit(
                "consensus/bft/rules.py",
                "            return round_\n    return None\n\n\ndef ends_wait",
                "            return None\n    return None\n\n\ndef ends_wait",
            ),
        ),
        Tests(("tests/papers/test_tendermint_paper.py",)),
    ),
    Mutant(
        "time-outs-do-nothing",
        "L65: a round that has a proposal and no decision is never left",
        (
            Edit(
                "consensus/bft/rules.py",
                """        case "precommit":
            return state.step != Step.WAIT""",
                """        case "precommit":
            return False""",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "time-outs-never-grow",
        "L21, L35, L48: a slow network is never waited for long enough",
        (
            Edit(
                "consensus/bft/rules.py",
                "min(timing.propose_ms + round_ * timing.propose_step_ms, timing.round_ms_max)",
                "timing.propose_ms",
            ),
        ),
        Tests((_UNIT + "bft/test_rules.py",)),
    ),
    Mutant(
        "no-repair",
        "nobody gives votes to who lost them",
        (
            Edit(
                "consensus/bft/repair.py",
                "        messages += [vote for vote in votes if vote.validator not in "
                "present[kind]]\n",
                "        del votes\n",
            ),
        ),
        Seeds(),
        only="progress",
    ),
    Mutant(
        "no-justification",
        "an old value is proposed again, and nobody gives the prevotes that justify it",
        (
            Edit(
                "consensus/bft/repair.py",
                "    return list(tally.votes_for(proposal.value.id))",
                "    return list(tally.votes_for(None))",
            ),
        ),
        Twins(),
    ),
    Mutant(
        "accuse-the-innocent",
        "a vote that comes again is evidence against who sent it",
        (
            Edit(
                "consensus/bft/log.py",
                "        is_known = first is not None and not _differ(first, vote)",
                "        is_known = False",
            ),
        ),
        Seeds(),
        only="blame",
    ),
    Mutant(
        "say-before-persist",
        "a message leaves the engine before the state that holds it is durable",
        (
            Edit(
                "consensus/bft/height.py",
                "[Persist(state), Broadcast(message)]",
                "[Broadcast(message), Persist(state)]",
            ),
        ),
        Engines(),
    ),
)
