"""Planted bugs in the Raft engine: elections, votes, entries, counting, and reads."""

from typing import Final

from tests.sim.mutant import Edit, Engines, Mutant, Seeds, Tests

_UNIT: Final = "tests/unit/consensus/raft/"

RAFT_MUTANTS: Final = (
    Mutant(
        "vote-without-comparing-logs",
        "3.6.1: a member without the newest entry is elected",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return candidate >= own\n",
                "    return candidate is not own\n",
            ),
        ),
        Seeds(count=80, kinds=("last-words",)),
        engine="raft",
    ),
    Mutant(
        "compare-logs-by-length",
        "3.6.1: of two logs the longer one is the better, whatever its term",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return candidate >= own\n",
                "    return candidate.height >= own.height\n",
            ),
        ),
        Tests((_UNIT + "test_rules.py",)),
        engine="raft",
    ),
    Mutant(
        "commit-an-older-term",
        "3.6.2, Figure 3.7: an entry of an older term is committed by counting",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return entry is not None and entry.term == state.term",
                "    return entry is not None",
            ),
        ),
        Seeds(),
        engine="raft",
    ),
    Mutant(
        "clear-the-vote-in-the-same-term",
        "3.4: a step down frees the vote of the term",
        (
            Edit(
                "consensus/raft/state.py",
                "    if term <= state.term:\n        return state",
                "    if term < state.term:\n        return state",
            ),
        ),
        Tests((_UNIT + "test_state.py",)),
        engine="raft",
    ),
    Mutant(
        "half-is-a-majority-in-raft",
        "half of the weight decides",
        (
            Edit(
                "chain/validators.py",
                "            return self.total_weight // 2 + 1",
                "            return (self.total_weight + 1) // 2",
            ),
        ),
        Engines(),
        engine="raft",
    ),
    Mutant(
        "one-is-a-majority",
        "a single member elects itself and decides",
        (
            Edit(
                "chain/validators.py",
                "            return self.total_weight // 2 + 1",
                "            return 1",
            ),
        ),
        Seeds(),
        engine="raft",
    ),
    Mutant(
        "count-members-without-weight",
        "4.2.1: who only follows counts for a majority",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return weight >= validators.quorum_weight",
                "    return max(weight, len(set(members))) >= validators.quorum_weight",
            ),
            Edit(
                "consensus/raft/rules.py",
                "    weight = sum(validators.members[index].weight for index in set(members))",
                "    members = set(members)\n"
                "    weight = sum(validators.members[index].weight for index in members)",
            ),
        ),
        Tests((_UNIT + "test_rules.py",)),
        engine="raft",
    ),
    Mutant(
        "forget-the-vote-on-restart",
        "3.8: a member comes back one term earlier and votes again",
        (
            Edit(
                "consensus/raft/state.py",
                "    return replace(state, lives=state.lives + 1)",
                "    return replace(\n        state, lives=state.lives + 1, "
                "term=max(0, state.term - 1), voted_for=None\n    )",
            ),
        ),
        Engines(),
        engine="raft",
    ),
    Mutant(
        "forget-the-entry-on-restart",
        "3.8: what a member acknowledged is gone after a restart",
        (
            Edit(
                "consensus/raft/state.py",
                "    return replace(state, lives=state.lives + 1)",
                "    return replace(state, lives=state.lives + 1, entry=None)",
            ),
        ),
        Seeds(count=120, kinds=("last-words", "blackout")),
        engine="raft",
    ),
    Mutant(
        "sign-on-after-a-loss",
        "a member that lost its state votes and acknowledges on",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return state.height > state.mute_height",
                "    return state.height > 0",
            ),
        ),
        Tests((_UNIT + "test_state.py", _UNIT + "test_rules.py")),
        engine="raft",
    ),
    Mutant(
        "give-up-the-entry-when-elected",
        "3.6: a new leader builds its own block where it should bring the one it found",
        (
            Edit(
                "consensus/raft/leading.py",
                "        self._is_inherited = m.state.entry is not None\n",
                "        m.state = msgspec.structs.replace(m.state, entry=None)\n"
                "        self._is_inherited = False\n",
            ),
            Edit(
                "consensus/raft/leading.py",
                "from dataclasses import dataclass\n",
                "from dataclasses import dataclass\n\nimport msgspec.structs\n",
            ),
        ),
        Seeds(kinds=("last-words",)),
        engine="raft",
    ),
    Mutant(
        "follow-an-older-term",
        "3.3: entries of a leader that was replaced are taken",
        (
            Edit(
                "consensus/raft/rules.py",
                "    return term < state.term\n\n\ndef next_term",
                "    return False\n\n\ndef next_term",
            ),
        ),
        Engines(),
        engine="raft",
    ),
    Mutant(
        "send-before-persist-in-raft",
        "3.8: what rests on the state leaves before it is durable",
        (
            Edit(
                "consensus/raft/member.py",
                "        return [Persist(self.state), *effects]",
                "        return [*effects, Persist(self.state)]",
            ),
        ),
        Engines(),
        engine="raft",
    ),
    Mutant(
        "hold-before-the-check",
        "an entry is acknowledged before it was executed",
        (
            Edit(
                "consensus/verdicts.py",
                "        return self._verdicts.get(value)\n",
                "        return Verdict.VALID\n",
            ),
        ),
        Tests((_UNIT + "test_following.py",)),
        engine="raft",
    ),
    Mutant(
        "read-without-asking",
        "6.4: a leader answers reads without asking whether it still leads",
        (
            Edit(
                "consensus/raft/rules.py",
                "        if has_quorum(validators, (index for index, at in answered.items() "
                "if at >= beat)):",
                "        if beat >= 0:",
            ),
        ),
        Tests((_UNIT + "test_rules.py",)),
        engine="raft",
    ),
    Mutant(
        "everyone-waits-alike",
        "3.4: all members stand at the same moment, again and again",
        (
            Edit(
                "consensus/raft/rules.py",
                '    return base + int.from_bytes(drawn[:8], "big") % base',
                "    return base + drawn[0] * 0",
            ),
        ),
        Tests((_UNIT + "test_rules.py",)),
        engine="raft",
    ),
    Mutant(
        "no-election",
        "3.4: nobody stands when the leader is gone",
        (
            Edit(
                "consensus/raft/election.py",
                "            self._start_pre_vote()",
                "            pass",
            ),
        ),
        Seeds(),
        engine="raft",
    ),
)
