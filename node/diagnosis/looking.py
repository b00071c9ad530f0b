"""Looks at a whole network once: every address asked, every home read, states compared.

Who the members are is taken from genesis and what the nodes prove of later changes, never from one
node's word. An answer that cannot be is put aside, so that the rules see only what may be true.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.errors import ChainError
from chain.genesis import Genesis
from chain.validators import ValidatorSet
from node.clock import now_ms
from node.diagnosis.asking import Address, Asker
from node.diagnosis.comparing import find_differences
from node.diagnosis.homes import read_home
from node.diagnosis.observation import (
    HomeSight,
    Member,
    Observation,
    OddAnswer,
    Sight,
    Silence,
    StateDifference,
)
from node.diagnosis.proving import ProvenBlock, ProvenBlocks, Prover, find_genesis


@dataclass(frozen=True, slots=True)
class _Proven:
    """What is left of the answers once they were held to what can be proved."""

    sights: tuple[Sight, ...] = ()
    oddities: tuple[OddAnswer, ...] = ()
    validators: ValidatorSet | None = None


async def look(urls: Sequence[str], homes: Sequence[Path], timeout_seconds: float) -> Observation:
    """Look at a network.

    Args: urls: of APIs; homes: folders of nodes on this machine, whose APIs are asked too.
    Raises: InvalidInput: VT-8001 or VT-1305, a folder is no node's.
    """
    read = [read_home(home) for home in homes]
    known = [home for home, _, _ in read]
    addresses = {url: Address(url) for url in urls}
    for _, _, address in read:
        if address is not None:
            addresses[address.url] = address
    async with Asker(timeout_seconds) as asker:
        asked_ms = now_ms()
        answers = await asker.see_all(list(addresses.values()))
        sights, twice = _each_once([answer for answer in answers if isinstance(answer, Sight)])
        genesis = await find_genesis(asker, sights, [chain for _, chain, _ in read])
        blocks = None if genesis is None else ProvenBlocks(asker, Prover(genesis))
        proven, differences = await _prove(blocks, sights, known, genesis)
    members = () if proven.validators is None else proven.validators.members
    return Observation(
        asked_ms,
        tuple(Member(one.node, one.organisation, one.weight) for one in members),
        0 if proven.validators is None else proven.validators.quorum_weight,
        proven.sights,
        tuple(answer for answer in answers if isinstance(answer, Silence)),
        (*(one for one in answers if isinstance(one, OddAnswer)), *twice, *proven.oddities),
        tuple(known),
        differences,
        () if blocks is None else blocks.unproven,
        "" if blocks is None else blocks.chain,
        "bft" if proven.validators is None else proven.validators.engine,
    )


def _each_once(sights: Sequence[Sight]) -> tuple[tuple[Sight, ...], tuple[OddAnswer, ...]]:
    """Keep one answer of each node: it may have been asked under two addresses.

    Returns: the answers, and those of nodes that share a name: nobody knows whose it is.
    """
    found: dict[str, list[Sight]] = {}
    for sight in sights:
        found.setdefault(sight.node, []).append(sight)
    odd = [
        OddAnswer(one.address, f"It says that it is {name}, but so does {other.address}.")
        for name, same in found.items()
        for one in same
        if (other := _find_namesake(one, same)) is not None
    ]
    kept = [same[0] for same in found.values() if _find_namesake(same[0], same) is None]
    return tuple(kept), tuple(odd)


def _find_namesake(sight: Sight, same: Sequence[Sight]) -> Sight | None:
    """Give another node of the same name: it was started at another time."""
    started_ms = sight.consensus.started_ms
    return next((one for one in same if one.consensus.started_ms != started_ms), None)


async def _prove(
    blocks: ProvenBlocks | None,
    sights: Sequence[Sight],
    homes: Sequence[HomeSight],
    genesis: Genesis | None,
) -> tuple[_Proven, tuple[StateDifference, ...]]:
    """Hold what nodes say to what they prove, and compare what is left."""
    if blocks is None or genesis is None:
        odd = [
            OddAnswer(one.address, "It shows no genesis.json of its chain.", one.node)
            for one in sights
        ]
        return _Proven(oddities=tuple(odd)), ()
    strangers = [sight for sight in sights if sight.status.genesis != blocks.chain]
    kept, oddities = [], []
    best: ProvenBlock | None = None
    for sight in sights:
        if sight in strangers:
            continue
        try:
            head = await blocks.get(sight, sight.status.height)
        except ChainError as error:
            oddities.append(OddAnswer(sight.address, error.why, sight.node))
            continue
        if any(one.node == sight.node for one in blocks.unproven):
            continue
        if head is None and sight.status.height > 0:
            reason = f"It says that it is at height {sight.status.height}, but shows no such block."
            if sight.consensus.base >= sight.status.height:
                reason += " After a snapshot it has none before the next one: ask again then."
            oddities.append(OddAnswer(sight.address, reason, sight.node))
            continue
        kept.append(sight)
        if head is not None and (best is None or head.header.height > best.header.height):
            best = head
    validators = genesis.validators if best is None else await blocks.deciders(kept, best)
    differences = await find_differences(blocks, kept, homes)
    return _Proven((*kept, *strangers), tuple(oddities), validators), differences
