"""What native work costs, in the gas that contracts pay with, so a block's limit holds for all.

Measured on one machine (medians of CPU time, CPython 3.11): one gas of a contract takes about
0.026 microseconds. Checking a signature took 53 microseconds and decoding a small transaction 9; a
batch 18 and 0.26 more for each property of its twin; a reading 0.7, and 2.2 to decode and hash it;
a key that is written 24, most of it for the state tree.
"""

from typing import Final

from chain.operations import AnyOperation, Call, DeployContract, Telemetry

BASE_GAS: Final = 2_000
"""For each transaction, whatever it holds and however it ends."""
BATCH_GAS: Final = 500
PROPERTY_GAS: Final = 10
"""For each property of a twin, with each batch: its record is read and written whole."""
READING_GAS: Final = 100
KEY_GAS: Final = 1_000
"""For each key of the state that native work writes; contracts pay for their own writes."""
_PRICED_BY_THEIR_WORK: Final = (Call, DeployContract)


def price_keys(operation: AnyOperation, written: int) -> int:
    """Price the keys that an operation wrote before it woke any contract.

    Calling and deploying are priced by the contract's own work and the size of its source.
    """
    return 0 if isinstance(operation, _PRICED_BY_THEIR_WORK) else KEY_GAS * written


def price_start(operation: AnyOperation) -> int:
    """Price what is paid before anything is done: for readings, at least what decoding them took.

    Args: operation: not yet looked at, so it may be wrong in every way.
    """
    if not isinstance(operation, Telemetry):
        return BASE_GAS
    gas = BASE_GAS
    for batch in operation.batches:
        gas += BATCH_GAS + READING_GAS * len(batch.readings)
    return gas
