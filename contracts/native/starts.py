"""The beginning of a block, before its transactions: a version that waited for it starts."""

from chain.errors import ContractError, Corruption, InvalidInput, Refused
from chain.scalars import Height, PublicKey
from chain.values import decode_value
from contracts import lifecycle_keys
from contracts.context import BlockContext, Earlier, TransactionContext
from contracts.executor import Executor
from contracts.lifecycle_records import VersionRecord
from contracts.native.versions import check_quiet, fail_version, get_version, start_version
from contracts.records import KeyRecord
from contracts.state import Overlay
from contracts.text import clean


def begin_block(overlay: Overlay, block: BlockContext, executor: Executor) -> None:
    """Start the version of a contract that waits for this height, if any.

    When it fails, the state is as before and the version is recorded as failed.

    Raises: HostFault, Corruption: this machine failed; execute the block anew from its beginning.
    """
    key = lifecycle_keys.contract_start_key(block.height)
    waiting = overlay.get(key)
    if waiting is None:
        return
    version = _find(waiting, block.height, overlay)
    overlay.delete(key)
    # Nobody sends this: it is put down to who wanted the version, by the decision's transaction.
    nobody = PublicKey(bytes(32))
    sender = KeyRecord(nobody, version.organisation, "start", (), version.decided_height)
    context = TransactionContext(block, Earlier(version.transaction), sender, executor)
    overlay.begin()
    kept = False
    failure = ""
    try:
        start_version(version, context, overlay)
        check_quiet(version.contract, context, 0)
        kept = True
    except (InvalidInput, Refused, ContractError) as error:
        failure = f"{error.code}: {clean(error.why)}"
    finally:
        if kept:
            overlay.commit()
        else:
            overlay.rollback()
    if failure:
        fail_version(version, failure, overlay)


def _find(waiting: bytes, height: Height, overlay: Overlay) -> VersionRecord:
    found = decode_value(waiting)
    assert isinstance(found, list), "versions.py wrote a name and a number"
    version = get_version(str(found[0]), int(str(found[1])), overlay)
    if version is not None:
        return version
    raise Corruption("VT-2090", kind=f"start at height {height}", size=len(waiting))
