"""Planted bugs around the engine: the disk, execution, admission, catch-up, gossip."""

from typing import Final

from tests.sim.mutant import Edit, Mutant, Seeds, Tests

_REPLICA: Final = "tests/unit/node/replica/"

NODE_MUTANTS: Final = (
    Mutant(
        "skip-the-sync-of-a-commit",
        "a block is called final before it is durable",
        (
            Edit(
                "node/driver.py",
                "        self._store.write(batch, sync=True)",
                "        self._store.write(batch, sync=False)",
            ),
        ),
        Seeds(kinds=("power-cut",)),
    ),
    Mutant(
        "skip-the-sync-of-the-state",
        "votes leave before the lock under them is durable",
        (
            Edit(
                "node/driver.py",
                "        self._store.write(WriteBatch(tuple(puts)), sync=True)",
                "        self._store.write(WriteBatch(tuple(puts)), sync=False)",
            ),
        ),
        Seeds(kinds=("blackout",)),
    ),
    Mutant(
        "send-before-persist",
        "what a step says leaves before its state is written",
        (
            Edit(
                "node/driver.py",
                """        if unsaved is not None:
            with self._meter.section("commit"):
                self._save(unsaved)
        return""",
                """        late: Persist | None = getattr(self.replica, "late", None)
        setattr(self.replica, "late", unsaved)
        if late is not None:
            self._save(late)
        return""",
            ),
        ),
        Seeds(kinds=("power-cut",)),
    ),
    Mutant(
        "file-before-state",
        "the last-signed file runs ahead of the state it belongs to",
        (
            Edit(
                "node/driver.py",
                "        self._store.write(WriteBatch(tuple(puts)), sync=True)\n"
                "        self._sign(state)",
                "        self._sign(state)\n"
                "        self._store.write(WriteBatch(tuple(puts)), sync=True)",
            ),
        ),
        Seeds(first=757, kinds=("blackout",)),
    ),
    Mutant(
        "no-last-signed-file",
        "the guard lives in the database only",
        (
            Edit(
                "node/driver.py",
                "            self._signed_file.store(signed)",
                "            del signed\n            return",
            ),
        ),
        Seeds(count=80, kinds=("wipe", "rollback")),
    ),
    Mutant(
        "split-the-commit",
        "the head is written before the block it names",
        (
            Edit(
                "node/driver.py",
                "        self._store.write(batch, sync=True)",
                "        self._store.write(WriteBatch(batch.puts[:1]), sync=True)\n"
                "        self._store.write(WriteBatch(batch.puts[1:]), sync=True)",
            ),
        ),
        Seeds(first=95, count=80, kinds=("power-cut",)),
    ),
    Mutant(
        "skip-a-height-in-the-stream",
        "of several blocks in one step only the last is published",
        (
            Edit(
                "node/driver.py",
                "                said.append(effect)\n                done",
                "                said[:] = [s for s in said if not isinstance(s, Commit)]\n"
                "                said.append(effect)\n                done",
            ),
        ),
        Seeds(),
        only="streams",
    ),
    Mutant(
        "lose-a-list-of-keys",
        "an organisation's keys are in the tree over the state, but not in the state",
        (
            Edit(
                "node/replica/commit.py",
                "        puts.append(Put(state, key, value))",
                """        if not key.startswith(b"organisation-key/"):
            puts.append(Put(state, key, value))""",
            ),
        ),
        Seeds(),
        only="roots",
    ),
    Mutant(
        "forget-the-transactions-of-a-lock",
        "a locked block's transactions are only in memory",
        (
            Edit(
                "node/driver.py",
                "        if value is not None and persist.transactions and value.id != self._kept:",
                "        if value is None and persist.transactions:",
            ),
        ),
        Tests((_REPLICA + "test_power_cuts.py",)),
    ),
    Mutant(
        "apply-twice",
        "each transaction is applied a second time",
        (
            Edit(
                "node/replica/transition.py",
                "            return apply_transaction(transaction, overlay, context, "
                "self._executor, index)",
                """            receipt = apply_transaction(
                transaction, overlay, context, self._executor, index
            )
            if receipt.is_ok:
                apply_transaction(transaction, overlay, context, self._executor, index)
            return receipt""",
            ),
        ),
        Seeds(),
        only="once",
    ),
    Mutant(
        "no-replay-check",
        "a transaction that a block holds may go into another one",
        (
            Edit(
                "node/replica/admission.py",
                "        return may_be and self.is_committed(transaction_id)",
                "        return may_be and self.is_committed(transaction_id) and not head.height",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "forget-ids-over-a-restart",
        "a node that comes back denies ids of blocks that it has not read again yet",
        (
            Edit(
                "node/replica/recent_ids.py",
                "        self._lowest = Height(head + 1)",
                "        self._lowest = Height(1)",
            ),
        ),
        Tests((_REPLICA + "test_recent_ids.py",)),
    ),
    Mutant(
        "nothing-expires",
        "a transaction may be ordered after the last height that its sender allowed",
        (
            Edit(
                "node/replica/admission.py",
                "        check_expiry(transaction, head.next_height, "
                "self._limits.expiry_window_blocks)\n",
                "",
            ),
            Edit(
                "node/replica/proposals.py",
                "            if transaction.body.expiry_height < head.next_height:",
                "            if transaction.body.expiry_height < 0:",
            ),
            Edit(
                "node/replica/mempool.py",
                "        if next_height <= self._expiry_min:",
                "        if next_height > 0:",
            ),
        ),
        Seeds(first=180, kinds=("clog", "pause")),
    ),
    Mutant(
        "no-transaction-signature-check",
        "anybody may send in the name of anybody",
        (
            Edit(
                "node/replica/admission.py",
                "        check_stateless(transaction, self._genesis_hash, verify=self._verify)",
                "        check_stateless(transaction, self._genesis_hash, verify=lambda *_: True)",
            ),
        ),
        Tests((_REPLICA + "test_admission.py", _REPLICA + "test_byzantine.py")),
    ),
    Mutant(
        "order-of-arrival",
        "a block's transactions are executed in the order in which they came to this node",
        (
            Edit(
                "node/replica/proposals.py",
                "        transactions = tuple(transaction for transaction in found if transaction "
                "is not None)",
                """        transactions = tuple(transaction for transaction in found if transaction)
        came = {one.id: place for place, one in enumerate(self._mempool.in_order())}
        transactions = tuple(sorted(transactions, key=lambda one: came.get(one.id, -1)))""",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "skip-the-certificate-in-catch-up",
        "a block from a peer is executed without asking who decided it",
        (
            Edit(
                "node/replica/blocks.py",
                "        check_certificate(certificate, ledger.genesis_hash, head.validators, "
                "verify=verify)\n",
                "",
            ),
        ),
        Tests((_REPLICA + "test_byzantine.py", _REPLICA + "test_blocks.py")),
    ),
    Mutant(
        "mean-for-median",
        "the latest of the voters' clocks is the time of the next block",
        (
            Edit(
                "chain/certificate.py",
                "    for time_ms, weight in sorted(times):",
                "    for time_ms, weight in sorted(times, reverse=True)[:1] * len(times):",
            ),
        ),
        Seeds(),
        only="time",
    ),
    Mutant(
        "misname-what-was-caught-up",
        "the head after a block from a peer has another name, and no rule compares it",
        (
            Edit(
                "node/replica/commit.py",
                """        build_batch(executed, certificate),
        next_head(executed, certificate),""",
                """        build_batch(executed, certificate),
        replace(
            next_head(executed, certificate),
            block=executed.header.tx_log_root if is_catch_up else executed.hash,
        ),""",
            ),
            Edit(
                "node/replica/commit.py",
                "from msgspec import Struct\n",
                "from msgspec import Struct\nfrom msgspec.structs import replace\n",
            ),
            Edit(
                "node/replica/payload.py",
                "        (header.previous == head.block, ",
                "        (header.previous is not None, ",
            ),
            Edit(
                "node/replica/payload.py",
                "        if certificate.height != head.height or certificate.block != head.block:",
                "        if certificate.height != head.height:",
            ),
            Edit(
                "node/replica/transition.py",
                "            previous=head.block,",
                "            previous=head.certificate.block if head.certificate else head.block,",
            ),
        ),
        Seeds(),
        only="agreement",
    ),
    Mutant(
        "misplace-what-was-caught-up",
        "the index gives a wrong place for the transactions of a block from a peer",
        (
            Edit(
                "node/replica/commit.py",
                "        build_batch(executed, certificate),",
                "        build_batch(executed, certificate, is_catch_up),",
            ),
            Edit(
                "node/replica/commit.py",
                "def build_batch(executed: ExecutedBlock, certificate: QuorumCertificate)",
                "def build_batch(executed, certificate, more=0)",
            ),
            Edit(
                "node/replica/commit.py",
                "    puts += _index_puts(executed)",
                "    puts += _index_puts(executed, more)",
            ),
            Edit(
                "node/replica/commit.py",
                "def _index_puts(executed: ExecutedBlock)",
                "def _index_puts(executed, more)",
            ),
            Edit(
                "node/replica/commit.py",
                "        place = keys.encode_place(height, index)",
                "        place = keys.encode_place(height, index + more)",
            ),
        ),
        Seeds(),
        only="final",
    ),
    Mutant(
        "stop-at-a-lost-question",
        "a node stops when the peer goes away that it had asked for blocks",
        (
            Edit(
                "node/replica/sync.py",
                """            self._request = None

    def take_answer""",
                """            raise AssertionError("whom else to ask?")

    def take_answer""",
            ),
        ),
        Seeds(),
        only="alive",
    ),
    Mutant(
        "keep-what-is-committed",
        "transactions wait on in the mempool after a block took them",
        (
            Edit(
                "node/replica/transactions.py",
                "        self._mempool.remove(ids)\n",
                "",
            ),
        ),
        Seeds(),
    ),
    Mutant(
        "trust-the-name",
        "a transaction of a fetched block counts as checked if one of its name waits",
        (
            Edit(
                "node/replica/transactions.py",
                " and waiting.raw == raw:",
                ":",
            ),
        ),
        Tests((_REPLICA + "test_transactions.py",)),
    ),
    Mutant(
        "unchecked-for-a-proposal",
        "what a proposal waits for is taken with any signature",
        (
            Edit(
                "node/replica/transactions.py",
                "self._admission.check_signed(transaction)\n                self._proposals.take",
                "self._proposals.take",
            ),
        ),
        Tests((_REPLICA + "test_transactions.py",)),
    ),
    Mutant(
        "unchecked-in-catch-up",
        "transactions of a block from a peer are taken with any signature",
        (
            Edit(
                "node/replica/replica.py",
                "self._transactions.decode, verify",
                "chain.transaction.decode_transaction, verify",
            ),
            Edit(
                "node/replica/replica.py",
                "from chain.genesis import Limits\n",
                "import chain.transaction\nfrom chain.genesis import Limits\n",
            ),
        ),
        Tests((_REPLICA + "test_byzantine.py",)),
    ),
    Mutant(
        "blame-for-lateness",
        "a peer that passes on an expired transaction is disconnected",
        (
            Edit(
                "node/replica/transactions.py",
                'HARMLESS_CODES: Final = frozenset({"VT-2003", "VT-2004"})',
                "HARMLESS_CODES: Final = frozenset[str]()",
            ),
        ),
        Seeds(kinds=("clog", "slow-link", "pause")),
    ),
    Mutant(
        "wait-for-a-silent-peer",
        "a request for blocks that is not answered is never given up",
        (
            Edit(
                "node/replica/sync.py",
                "            if now_ms - request.sent_ms < REQUEST_TIMEOUT_MS:",
                "            if now_ms >= request.sent_ms:",
            ),
        ),
        Seeds(first=80, kinds=("deafness",)),
    ),
    Mutant(
        "throw-away-what-is-late",
        "an answer that came after its time-out is not taken: on a slow way none ever is",
        (
            Edit(
                "node/replica/sync.py",
                "        if _is_run(heights) and heights[0] in owed:",
                "        if _is_run(heights) and self._request and self._request.peer == peer:",
            ),
        ),
        Tests((_REPLICA + "test_returning.py",)),
    ),
    Mutant(
        "count-time-twice",
        "events that waited while a node worked bring the time of its work with them once more",
        (
            Edit(
                "node/replica/steady.py",
                "        if not isinstance(event, Confirmation) and not is_first(event):",
                "        if event is not None:",
            ),
        ),
        Tests((_REPLICA + "test_returning.py",)),
    ),
    Mutant(
        "build-in-the-past",
        "a node that is behind builds a block of all that waits in each of its turns",
        (
            Edit(
                "node/replica/replica.py",
                "        return len(self._mempool) > 0 and not self._catchup.is_behind(self._head)",
                "        return len(self._mempool) > 0",
            ),
        ),
        Tests((_REPLICA + "test_returning.py",)),
    ),
)
