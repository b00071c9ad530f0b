"""Sets the stage: what the administrators do on the chain before the first reading is sent."""

from collections.abc import Callable
from importlib.resources import files
from itertools import groupby
from typing import Final

from chain.genesis import ContractPolicy
from chain.operations import AnyOperation, ApproveChange, ProposeContract, RegisterKey
from chain.scalars import OrganisationId
from chain.values import encode_value
from contracts.native.policy import count_needed
from contracts.packaging import make_package
from node.client import AsyncClient
from node.client.delivery import deliver, deliver_one
from node.demo.cast import Cast, twins_to_register
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
    return operations


def contract_proposal(cast: Cast) -> ProposeContract:
    """Give what the owner proposes: the wind farm's contract, in force with its approval."""
    parameters = {"addressee": cast.identities["workshop"].organisation}
    package = make_package(CONTRACT, source_of(CONTRACT))
    note = "Opens an order when a turbine falls behind its power curve."
    return ProposeContract(package, encode_value(parameters), 0, note=note)


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


async def agree_on_contract(
    proposal: ProposeContract,
    owner: OrganisationId,
    administrators: dict[OrganisationId, AsyncClient],
    on_obstacle: Callable[[str], None] = lambda _: None,
) -> None:
    """Let the owner propose a contract, and as many others approve as it takes.

    Raises: ChainError: it was refused.
    """
    id_ = await deliver_one(administrators[owner], proposal, on_obstacle)
    others = [organisation for organisation in administrators if organisation != owner]
    for organisation in others[: count_needed(ContractPolicy(), len(administrators)) - 1]:
        await deliver_one(administrators[organisation], ApproveChange(id_), on_obstacle)
