"""Sets the stage: what the administrators do on the chain before the first reading is sent."""

from collections.abc import Callable
from importlib.resources import files
from itertools import groupby
from typing import Final

from chain.operations import AnyOperation, DeployContract, RegisterKey
from chain.scalars import OrganisationId
from chain.values import encode_value
from node.client import AsyncClient
from node.demo.cast import Cast, twins_to_register
from node.demo.delivery import deliver
from node.ingest.source import Feed

CONTRACT: Final = "maintenance_by_power_curve"
TOGETHER_MAX: Final = 100
"""How many operations are handed in at once."""


def setup_operations(
    cast: Cast, feed: Feed | None, *, is_wind: bool
) -> list[tuple[OrganisationId, AnyOperation]]:
    """Give what each organisation's administrator signs, in order."""
    operations: list[tuple[OrganisationId, AnyOperation]] = [
        (
            identity.organisation,
            RegisterKey(identity.file.key.public_key, identity.name, identity.roles),
        )
        for identity in cast.identities.values()
        if identity.roles != ("administrator",)
    ]
    owner = cast.planned[0].organisation
    operations.extend((owner, twin) for twin in twins_to_register(feed, is_wind=is_wind))
    if is_wind:
        parameters = {"addressee": cast.identities["workshop"].organisation}
        operations.append(
            (owner, DeployContract(CONTRACT, source_of(CONTRACT), encode_value(parameters)))
        )
    return operations


def source_of(contract: str) -> str:
    """Read the source of a standard contract that came with the package."""
    return files("contracts.standard").joinpath(f"{contract}.py").read_text(encoding="utf-8")


async def set_up(
    operations: list[tuple[OrganisationId, AnyOperation]],
    administrators: dict[OrganisationId, AsyncClient],
    on_progress: Callable[[float], None] = lambda _: None,
    on_obstacle: Callable[[str], None] = lambda _: None,
) -> None:
    """Send all set-up operations in order and wait until they are final.

    Args: on_progress: is told how much is done, from 0 to 1; on_obstacle: as `deliver` has it.
    Raises: ChainError: one of them was refused.
    """
    done = 0
    for organisation, group in groupby(operations, key=lambda item: item[0]):
        wanted = [operation for _, operation in group]
        for start in range(0, len(wanted), TOGETHER_MAX):
            together = wanted[start : start + TOGETHER_MAX]
            client = administrators[organisation]
            for refusal in await deliver(client, together, on_obstacle):
                if refusal is not None:
                    raise refusal
            done += len(together)
            on_progress(done / len(operations))
