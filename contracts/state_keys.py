"""Where things stand in the state: the one place that knows the layout of keys.

Names hold no slash, so a key has one reading. Keys that start alike are neighbours, so a list page
is a range: `prefix_range(twins_prefix())`. Heights inside keys are 8 bytes, most significant
first, so they sort as numbers do.

    twin/<twin>                                   TwinRecord
    child/<parent>/<child>                        the child's name
    organisation/<organisation>                   OrganisationRecord
    key/<32 bytes>                                KeyRecord
    organisation-key/<organisation>/<32 bytes>    the key
    contract/<name>                               ContractRecord
    contract-source/<32 bytes>                    the source, under the hash of it
    contract-state/<name>/<key>                   what the contract keeps there
    trigger/<model>                               TriggerRecord: contracts that the model wakes
    action/<32 bytes>                             ActionRecord
    action-key/<contract>/<twin>/<key>            id of the unfinished action with this key
    action-at/<height><32 bytes>                  the action's id, in order of opening
    twin-action/<twin>/<height><32 bytes>         the action's id
    attestation/<32 bytes>                        AttestationRecord
    attestation-at/<height><32 bytes>             the attestation's id, in order of recording
    twin-attestation/<twin>/<height><32 bytes>    the attestation's id
"""

from chain.scalars import Hash, Height, OrganisationId, PublicKey, TwinId, to_bytes


def prefix_range(prefix: bytes) -> tuple[bytes, bytes]:
    """Give (start, stop) of the range of all keys that begin with `prefix`.

    Args: prefix: not empty; its last byte is not 255.
    """
    return prefix, prefix[:-1] + bytes((prefix[-1] + 1,))


def twins_prefix() -> bytes:
    """Give the prefix of all twins."""
    return b"twin/"


def twin_key(twin: TwinId) -> bytes:
    """Give the key of a TwinRecord."""
    return b"twin/" + twin.encode()


def children_prefix(parent: TwinId) -> bytes:
    """Give the prefix of the children of a twin."""
    return b"child/" + parent.encode() + b"/"


def child_key(parent: TwinId, child: TwinId) -> bytes:
    """Give the key that says `child` is a part of `parent`."""
    return children_prefix(parent) + child.encode()


def organisations_prefix() -> bytes:
    """Give the prefix of all organisations."""
    return b"organisation/"


def organisation_key(organisation: OrganisationId) -> bytes:
    """Give the key of an OrganisationRecord."""
    return b"organisation/" + organisation.encode()


def public_key_key(key: PublicKey) -> bytes:
    """Give the key of a KeyRecord."""
    return b"key/" + key


def organisation_public_keys_prefix(organisation: OrganisationId) -> bytes:
    """Give the prefix of the public keys of an organisation."""
    return b"organisation-key/" + organisation.encode() + b"/"


def organisation_public_key_key(organisation: OrganisationId, key: PublicKey) -> bytes:
    """Give the key that says `key` was registered for `organisation`."""
    return organisation_public_keys_prefix(organisation) + key


def contracts_prefix() -> bytes:
    """Give the prefix of all contracts."""
    return b"contract/"


def contract_key(name: str) -> bytes:
    """Give the key of a ContractRecord."""
    return b"contract/" + name.encode()


def contract_source_key(source_hash: bytes) -> bytes:
    """Give the key of a contract's source text (UTF-8)."""
    return b"contract-source/" + source_hash


def contract_state_prefix(name: str) -> bytes:
    """Give the prefix of everything that a contract keeps."""
    return b"contract-state/" + name.encode() + b"/"


def trigger_key(model: str) -> bytes:
    """Give the key of the TriggerRecord of a twin model."""
    return b"trigger/" + model.encode()


def action_key(action: Hash) -> bytes:
    """Give the key of an ActionRecord."""
    return b"action/" + action


def action_idempotency_key(contract: str, twin: TwinId, key: str) -> bytes:
    """Give the key that holds the id of the unfinished action that a contract named `key`."""
    return b"/".join((b"action-key", contract.encode(), twin.encode(), key.encode()))


def actions_in_order_prefix() -> bytes:
    """Give the prefix of all actions in order of opening."""
    return b"action-at/"


def action_in_order_key(height: Height, action: Hash) -> bytes:
    """Give the key of an action in order of opening."""
    return actions_in_order_prefix() + to_bytes(height) + action


def twin_actions_prefix(twin: TwinId) -> bytes:
    """Give the prefix of the actions of a twin in order of opening."""
    return b"twin-action/" + twin.encode() + b"/"


def twin_action_key(twin: TwinId, height: Height, action: Hash) -> bytes:
    """Give the key of an action among those of its twin."""
    return twin_actions_prefix(twin) + to_bytes(height) + action


def attestation_key(attestation: Hash) -> bytes:
    """Give the key of an AttestationRecord."""
    return b"attestation/" + attestation


def attestations_in_order_prefix() -> bytes:
    """Give the prefix of all attestations in order of recording."""
    return b"attestation-at/"


def attestation_in_order_key(height: Height, attestation: Hash) -> bytes:
    """Give the key of an attestation in order of recording."""
    return attestations_in_order_prefix() + to_bytes(height) + attestation


def twin_attestations_prefix(twin: TwinId) -> bytes:
    """Give the prefix of the attestations about a twin in order of recording."""
    return b"twin-attestation/" + twin.encode() + b"/"


def twin_attestation_key(twin: TwinId, height: Height, attestation: Hash) -> bytes:
    """Give the key of an attestation among those about its twin."""
    return twin_attestations_prefix(twin) + to_bytes(height) + attestation
