"""Sets the stage: what the administrators do on the chain before the first reading is sent."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from chain.operations import AnyOperation, DeployContract, RegisterKey
from chain.scalars import OrganisationId
from chain.values import encode_value
from node.client import AsyncClient
from node.demo.cast import Cast, twins_to_register
from node.ingest.source import Feed

CONTRACT: Final = "maintenance_by_power_curve"


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
    cast: Cast,
    feed: Feed | None,
    administrators: dict[OrganisationId, AsyncClient],
    *,
    is_wind: bool,
) -> None:
    """Send all set-up operations and wait until they are final.

    Raises: ChainError: one of them was refused.
    """
    for organisation, group in _grouped(setup_operations(cast, feed, is_wind=is_wind)):
        await administrators[organisation].submit_many_and_wait(group)


def _grouped(
    operations: list[tuple[OrganisationId, AnyOperation]],
) -> list[tuple[OrganisationId, list[AnyOperation]]]:
    groups: list[tuple[OrganisationId, list[AnyOperation]]] = []
    for organisation, operation in operations:
        if not groups or groups[-1][0] != organisation:
            groups.append((organisation, []))
        groups[-1][1].append(operation)
    return groups


def write_readme(cast: Cast, path: Path) -> None:
    """Leave a note in a home that is kept: what is where."""
    lines = ["This folder holds a Veritwin demo. Each organisation's folder holds its keys.", ""]
    lines += [f"{name}: {identity.path}" for name, identity in cast.identities.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
