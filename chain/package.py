"""What members approve when they approve a contract: its source with what speaks for it."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.codec import encode
from chain.hashing import hash_tagged
from chain.scalars import Hash, HashField, NameField

PART_SIZE_MAX: Final = 65_536
"""Most characters of a source, and of its tests."""
REPORT_SIZE_MAX: Final = 32_768
"""Most characters of what the checker said, of stubs, and of a report."""

SourceField = Annotated[str, Meta(min_length=1, max_length=PART_SIZE_MAX)]
PartField = Annotated[str, Meta(max_length=PART_SIZE_MAX)]
ReportField = Annotated[str, Meta(max_length=REPORT_SIZE_MAX)]


class Package(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A contract as its author hands it in.

    `engine` names the contract language that it was checked with; `tests` and `stubs` are Python;
    `check` is what the checker said on the author's machine, `report` what the contract would have
    done with recorded data, empty where nobody tried. Members read these two; the ledger checks the
    source itself. `build` is `compute_build` of the rest.
    """

    name: NameField
    engine: Annotated[str, Meta(min_length=1, max_length=64)]
    source: SourceField
    tests: PartField
    stubs: ReportField
    check: ReportField
    report: ReportField
    build: HashField


def compute_build(name: str, engine: str, source: str, tests: str, stubs: str) -> Hash:
    """Name what was built: the same parts give the same build on every machine."""
    parts = (name, engine, source, tests, stubs)
    return hash_tagged("contract-build", *(hash_part(part) for part in parts))


def hash_part(text: str) -> Hash:
    """Hash a part of a package; the part is kept under it."""
    return hash_tagged("contract-part", text.encode())


def compute_package_hash(package: Package) -> Hash:
    """Hash a package: what members approve."""
    return hash_tagged("contract-package", encode(package))
