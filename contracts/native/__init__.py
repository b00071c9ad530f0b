"""Native operations: what the ledger itself does with a transaction, one file per area.

Each operation is a function of (operation, context, overlay) that changes the overlay and gives
the receipt's result as an encoded value. It raises a `ChainError` when it refuses;
`contracts.apply` then undoes everything it wrote. Start reading at `contracts/apply.py`.
"""
