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
    contract-...                                  its versions: contracts/lifecycle_keys.py
    trigger/<model>                               TriggerRecord: contracts that the model wakes
    action/<32 bytes>                             ActionRecord
    action-key/<contract>/<twin>/<key>            id of the unfinished action with this key
    action-at/<height><32 bytes>                  the action's id, in order of opening
    twin-action/<twin>/<height><32 bytes>         the action's id
    attestation/<32 bytes>                        AttestationRecord
    attestation-at/<height><32 bytes>             the attestation's id, in order of recording
    twin-attestation/<twin>/<height><32 bytes>    the attestation's id
    authority/<organisation>                      DER of its CA certificate
    committee/<2^64 - 1 - height>                 CommitteeRecord in force from that height on
    vote-key/<32 bytes>                           VoteKeyRecord
    replaced/<32 bytes: vote key>                 height from which a newer one votes in its place
    rotating/<organisation>                       height of its last vote key's coming into force
    address/<node>                                AddressRecord
    standing/<node>                               StandingRecord
    proposal/<32 bytes>                           ProposalRecord
    proposal-at/<height><32 bytes>                the proposal's id, in order of proposing
    open-proposal/<organisation>/<32 bytes>       expiry height of a proposal not decided yet
    evidence/<32 bytes>                           EvidenceRecord
    evidence-at/<height><32 bytes>                the evidence's id, in order of recording
    offence/<32 bytes: vote key>/<height><32 bytes>  the evidence's id, in order of the offence

What contracts wait for stands in `contracts.wakeup_keys`.

Heights of committees count down, so that the one in force at a height is the first from its key on.
"""

from chain.scalars import (
    Hash,
    Height,
    NodeName,
    OrganisationId,
    PublicKey,
    TwinId,
    to_bytes,
)

_LAST = 2**64 - 1


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


def authorities_prefix() -> bytes:
    """Give the prefix of all CA certificates."""
    return b"authority/"


def authority_key(organisation: OrganisationId) -> bytes:
    """Give the key of an organisation's CA certificate."""
    return authorities_prefix() + organisation.encode()


def committees_prefix() -> bytes:
    """Give the prefix of all committees, the latest first."""
    return b"committee/"


def committee_key(height: Height) -> bytes:
    """Give the key of the CommitteeRecord that is in force from `height` on."""
    return committees_prefix() + to_bytes(_LAST - height)


def vote_keys_prefix() -> bytes:
    """Give the prefix of all vote keys that the chain ever named."""
    return b"vote-key/"


def vote_key_key(key: PublicKey) -> bytes:
    """Give the key of a VoteKeyRecord."""
    return vote_keys_prefix() + key


def replaced_key(key: PublicKey) -> bytes:
    """Give the key that holds from which height on a rotation put another vote key in its place."""
    return b"replaced/" + key


def rotating_key(organisation: OrganisationId) -> bytes:
    """Give the key that holds when an organisation's newest vote key comes into force."""
    return b"rotating/" + organisation.encode()


def addresses_prefix() -> bytes:
    """Give the prefix of all addresses."""
    return b"address/"


def address_key(node: NodeName) -> bytes:
    """Give the key of an AddressRecord."""
    return addresses_prefix() + node.encode()


def standings_prefix() -> bytes:
    """Give the prefix of all standings."""
    return b"standing/"


def standing_key(node: NodeName) -> bytes:
    """Give the key of a StandingRecord."""
    return standings_prefix() + node.encode()


def proposal_key(proposal: Hash) -> bytes:
    """Give the key of a ProposalRecord."""
    return b"proposal/" + proposal


def proposals_in_order_prefix() -> bytes:
    """Give the prefix of all proposals in order of proposing."""
    return b"proposal-at/"


def proposal_in_order_key(height: Height, proposal: Hash) -> bytes:
    """Give the key of a proposal in order of proposing."""
    return proposals_in_order_prefix() + to_bytes(height) + proposal


def open_proposals_prefix(organisation: OrganisationId) -> bytes:
    """Give the prefix of an organisation's proposals that are not decided."""
    return b"open-proposal/" + organisation.encode() + b"/"


def open_proposal_key(organisation: OrganisationId, proposal: Hash) -> bytes:
    """Give the key that holds the expiry height of a proposal that is not decided."""
    return open_proposals_prefix(organisation) + proposal


def evidence_key(evidence: Hash) -> bytes:
    """Give the key of an EvidenceRecord."""
    return b"evidence/" + evidence


def evidence_in_order_prefix() -> bytes:
    """Give the prefix of all evidence in order of recording."""
    return b"evidence-at/"


def evidence_in_order_key(height: Height, evidence: Hash) -> bytes:
    """Give the key of evidence in order of recording."""
    return evidence_in_order_prefix() + to_bytes(height) + evidence


def offences_prefix(key: PublicKey, height: Height) -> bytes:
    """Give where the offences of a vote key begin that are not below `height`."""
    return b"offence/" + key + b"/" + to_bytes(height)


def offence_key(key: PublicKey, height: Height, evidence: Hash) -> bytes:
    """Give the key of an offence: whose it is, and the height at which it was made."""
    return offences_prefix(key, height) + evidence


def show_key(key: bytes) -> str:
    """Write a key for people: its names as they are, what holds no text in hex."""
    text = 0
    while text < len(key) and 32 <= key[text] < 127:
        text += 1
    if text == len(key):
        return key.decode("ascii")
    names = key[:text].rpartition(b"/")
    start = len(names[0]) + len(names[1])
    return key[:start].decode("ascii") + key[start:].hex()
