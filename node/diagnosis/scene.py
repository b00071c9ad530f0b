"""An observation, looked through: who is connected to whom, and who is missing since when."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from chain.scalars import UnixMillis
from node.api.views.consensus import AttendeeView
from node.diagnosis.observation import HomeSight, Member, Observation, Sight, Silence

DEAF_MS: Final = 5_000
"""A peer says how it stands twice a second; one not heard for so long is as good as gone."""


@dataclass(frozen=True, slots=True)
class Link:
    """The connection to `peer` as `observer` sees it; `since_ms` by the asking machine's clock."""

    observer: str
    peer: str
    is_alive: bool
    since_ms: UnixMillis
    is_configured: bool
    error: str | None


class Scene:
    """Answers the rules' questions about one observation."""

    def __init__(self, observation: Observation) -> None:
        self.observation: Final = observation
        self.now_ms: Final = observation.asked_ms
        self.chain: Final = observation.chain or _find_chain(observation.sights)
        self.sights: Final = {
            sight.node: sight for sight in observation.sights if sight.status.genesis == self.chain
        }
        self.silences: Final[dict[str, Silence]] = {
            silence.node: silence for silence in observation.silences if silence.node is not None
        }
        self.homes: Final[dict[str, HomeSight]] = {home.node: home for home in observation.homes}
        self._links = {
            (sight.node, one.node): _link(sight, one)
            for sight in self.sights.values()
            for one in sight.consensus.validators
            if one.node != sight.node
        }
        self.members: Final = {member.node: member for member in observation.members}
        self.outsiders: Final[dict[str, Sight]] = {}
        """Nodes that answer, are no members, and have no connection to one."""
        for name, sight in self.sights.items():
            if name in self.members:
                continue
            if any(link.is_alive for (own, _), link in self._links.items() if own == name):
                # A node that follows without being a validator still sees who is there.
                self.members[name] = Member(name, sight.status.organisation, 0)
            else:
                self.outsiders[name] = sight
        self.witnesses: Final = {
            name: sight for name, sight in self.sights.items() if name not in self.outsiders
        }
        """The nodes that answer and can tell of the members."""
        self.doubted: Final = {one.node for one in observation.unproven} | {
            one.node for one in observation.oddities
        }
        """Nodes whose answers are not believed."""
        self.groups: Final = self._find_groups()
        self.mute: Final = self._find_mute()
        """Members that are here and say that they cannot vote, and why."""

    @property
    def main(self) -> frozenset[str]:
        """The group with the greatest weight; empty when nobody answers."""
        return self.groups[0] if self.groups and self.witnesses else frozenset()

    @property
    def weight(self) -> int:
        """The weight of those in the main group that can vote."""
        return self.weigh(self.main - self.mute.keys())

    @property
    def has_quorum(self) -> bool:
        """Whether the main group can decide."""
        return self.weight >= self.observation.quorum

    @property
    def absent(self) -> tuple[Member, ...]:
        """The members outside the main group, in the order of the validator set."""
        return tuple(one for name, one in self.members.items() if name not in self.main)

    def weigh(self, nodes: Iterable[str]) -> int:
        """Give the weight of some members."""
        return sum(self.members[node].weight for node in nodes)

    def organisation_of(self, node: str) -> str:
        """Name the organisation that runs a node; empty when nobody knows."""
        member, sight = self.members.get(node), self.sights.get(node)
        if member is not None:
            return member.organisation
        return "" if sight is None else sight.status.organisation

    def is_vouched(self, nodes: Iterable[str]) -> bool:
        """Tell whether more than a third of the weight that answers says a thing: one may lie.

        Args: nodes: of the main group, that say it.
        """
        asked = self.weigh(name for name in self.witnesses if name in self.main)
        said = list(nodes)
        return 3 * self.weigh(said) > asked or (asked == 0 and bool(said))

    def link(self, observer: str, peer: str) -> Link | None:
        """Give a connection as one side sees it; None when that side was not asked."""
        return self._links.get((observer, peer))

    def is_linked(self, one: str, other: str) -> bool | None:
        """Tell whether two members hear each other; None when neither was asked."""
        if self._is_denied(one) or self._is_denied(other):
            return False
        views = [self.link(one, other), self.link(other, one)]
        known = [view.is_alive for view in views if view is not None]
        return all(known) if known else None

    def _is_denied(self, node: str) -> bool:
        """Tell whether a member does not run, though one who answers says that it hears it.

        Its machine says that nothing listens, and as many lost it as hear it.
        """
        silence = self.silences.get(node)
        if silence is None or not silence.is_refused:
            return False
        views = [self.link(observer, node) for observer in self.witnesses]
        lost = self._weigh_observers(view for view in views if view and not view.is_alive)
        alive = self._weigh_observers(view for view in views if view and view.is_alive)
        return 0 < lost >= alive

    def _weigh_observers(self, views: Iterable[Link]) -> int:
        """Give the weight of those that see a connection so, of what was meant to be connected."""
        return self.weigh(one.observer for one in views if one.is_alive or one.is_configured)

    def lost_ms(self, node: str) -> UnixMillis | None:
        """Give when the last of the main group lost a member; None when nobody can say."""
        links = [self.link(observer, node) for observer in self.main]
        lost = [link.since_ms for link in links if link is not None and not link.is_alive]
        return max(lost, default=None)

    def heard_ms(self, node: str) -> UnixMillis | None:
        """Give when any node that answers last heard a member; None when none ever did."""
        heard = [
            sight.to_local(one.heard_ms)
            for sight in self.sights.values()
            for one in sight.consensus.validators
            if one.node == node != sight.node and one.heard_ms is not None
        ]
        return max(heard, default=None)

    def errors(self, node: str) -> list[str]:
        """Give what those of the main group say about a member they cannot reach."""
        links = [self.link(observer, node) for observer in sorted(self.main)]
        return [
            f"{link.observer}: {link.error}"
            for link in links
            if link is not None and not link.is_alive and link.error
        ]

    def _find_mute(self) -> dict[str, str]:
        """Give who cannot vote by its own word, or by that of enough others where it is silent."""
        found = {}
        for node, member in self.members.items():
            if member.weight == 0 or node not in self.main:
                continue
            own = self.witnesses.get(node)
            said = {
                name: one.mute
                for name, sight in (self.witnesses if own is None else {node: own}).items()
                for one in sight.consensus.validators
                if one.node == node and one.mute and name in self.main
            }
            if said and (own is not None or self.is_vouched(said)):
                found[node] = min(said.values())
        return found

    def _find_groups(self) -> tuple[frozenset[str], ...]:
        """Give the members in groups that hear each other, the weightiest that answers first."""
        groups = [{name} for name in self.members]
        for one, other in combinations(self.members, 2):
            if self.is_linked(one, other):
                joined = [group for group in groups if one in group or other in group]
                groups = [group for group in groups if group not in joined]
                groups.append(set().union(*joined))
        return tuple(
            frozenset(group)
            for group in sorted(
                groups,
                key=lambda group: (not group & set(self.witnesses), -self.weigh(group), min(group)),
            )
        )


def _find_chain(sights: Iterable[Sight]) -> str:
    """Give the chain that most nodes name."""
    chains = Counter(sight.status.genesis for sight in sights)
    return max(chains, key=lambda chain: chains[chain], default="")


def _link(sight: Sight, seen: AttendeeView) -> Link:
    last_ms = max(seen.since_ms, seen.heard_ms or 0)
    is_alive = seen.connected and sight.consensus.now_ms - last_ms <= DEAF_MS
    # A connection that stands but is silent was lost when it was last heard.
    since_ms = last_ms if seen.connected and not is_alive else seen.since_ms
    return Link(
        sight.node,
        seen.node,
        is_alive,
        sight.to_local(since_ms),
        seen.is_configured,
        seen.last_error,
    )
