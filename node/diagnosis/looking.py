"""Looks at a whole network once: every address asked, every home read, states compared."""

from collections.abc import Sequence
from pathlib import Path

from chain.genesis import Genesis
from node.clock import now_ms
from node.diagnosis.asking import Address, Asker
from node.diagnosis.comparing import find_differences
from node.diagnosis.homes import read_home
from node.diagnosis.observation import (
    Member,
    Observation,
    OddAnswer,
    Sight,
    Silence,
)


async def look(urls: Sequence[str], homes: Sequence[Path], timeout_seconds: float) -> Observation:
    """Look at a network.

    Args: urls: of APIs; homes: folders of nodes on this machine, whose APIs are asked too.
    Raises: InvalidInput: VT-8001 or VT-1305, a folder is no node's.
    """
    read = [read_home(home) for home in homes]
    addresses = {url: Address(url) for url in urls}
    for _, _, address in read:
        if address is not None:
            addresses[address.url] = address
    async with Asker(timeout_seconds) as asker:
        asked_ms = now_ms()
        answers = await asker.see_all(list(addresses.values()))
        sights = _each_once([answer for answer in answers if isinstance(answer, Sight)])
        known = [home for home, _, _ in read]
        differences = await find_differences(asker, sights, known)
    members, quorum = _find_members(sights, [genesis for _, genesis, _ in read])
    return Observation(
        asked_ms,
        members,
        quorum,
        sights,
        tuple(answer for answer in answers if isinstance(answer, Silence)),
        tuple(answer for answer in answers if isinstance(answer, OddAnswer)),
        tuple(known),
        differences,
    )


def _each_once(sights: Sequence[Sight]) -> tuple[Sight, ...]:
    """Keep one answer of each node: it may have been asked under two addresses."""
    return tuple({sight.node: sight for sight in reversed(sights)}.values())[::-1]


def _find_members(
    sights: Sequence[Sight], chains: Sequence[Genesis]
) -> tuple[tuple[Member, ...], int]:
    """Give the validators and the weight that must agree, by the newest who says so."""
    newest = max(sights, key=lambda sight: sight.consensus.height, default=None)
    if newest is not None:
        seen = newest.consensus
        return (
            tuple(Member(one.node, one.organisation, one.weight) for one in seen.validators),
            seen.quorum,
        )
    for genesis in chains:
        validators = genesis.validators
        return (
            tuple(Member(one.node, one.organisation, one.weight) for one in validators.members),
            validators.quorum_weight,
        )
    return (), 0
