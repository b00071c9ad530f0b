"""Where the life of contracts stands in the state; `contracts.state_keys` has everything else.

contract-package/<32 bytes>                   PackageRecord, under the hash of the package
contract-part/<32 bytes>                      a part of packages, under the hash of it
contract-version/<name>/<number>              VersionRecord
contract-newest/<name>                        number of the version that was decided last
contract-pause/<name>                         PauseRecord, while the contract is paused
contract-start/<height>                       (name, number) of the version that starts then
contract-policy                               PolicyRecord, once members changed genesis's
"""

from chain.scalars import Hash, Height, to_bytes


def contract_package_key(package: Hash) -> bytes:
    """Give the key of a PackageRecord."""
    return b"contract-package/" + package


def contract_part_key(part: Hash) -> bytes:
    """Give the key of a part of packages (UTF-8)."""
    return b"contract-part/" + part


def contract_versions_prefix(name: str) -> bytes:
    """Give the prefix of all versions of a contract, in their order."""
    return b"contract-version/" + name.encode() + b"/"


def contract_version_key(name: str, number: int) -> bytes:
    """Give the key of a VersionRecord."""
    return contract_versions_prefix(name) + to_bytes(number)


def contract_newest_key(name: str) -> bytes:
    """Give the key of the number of the version of a contract that was decided last."""
    return b"contract-newest/" + name.encode()


def contract_pause_key(name: str) -> bytes:
    """Give the key of the PauseRecord of a contract that is paused."""
    return b"contract-pause/" + name.encode()


def contract_starts_prefix() -> bytes:
    """Give the prefix of all versions that wait for a height."""
    return b"contract-start/"


def contract_start_key(height: Height) -> bytes:
    """Give the key of which version starts at a height."""
    return contract_starts_prefix() + to_bytes(height)


def contract_policy_key() -> bytes:
    """Give the key of the PolicyRecord."""
    return b"contract-policy"
