"""Counting blocks: a window begins and ends with a block."""

import asyncio

from node.bench.blocks import BlockCount, SeenBlock, cut_window


def test_a_window_counts_from_the_end_of_the_block_before_it() -> None:
    blocks = [SeenBlock(height, 10 * height, float(height)) for height in range(1, 7)]
    window = cut_window(blocks, 2.5, 5.5)
    assert [block.height for block in window.blocks] == [3, 4, 5]
    assert window.seconds == 3.0
    assert window.transactions == 120
    assert window.per_second == 40.0


def test_without_a_block_before_it_the_first_one_only_starts_the_clock() -> None:
    window = cut_window([SeenBlock(1, 1_000, 1.0), SeenBlock(2, 30, 4.0)], 0.0, 9.0)
    assert (window.transactions, window.seconds) == (30, 3.0)


def test_a_window_without_blocks_is_no_throughput() -> None:
    window = cut_window([SeenBlock(1, 50, 0.5)], 1.0, 3.0)
    assert (window.transactions, window.seconds, window.per_second) == (0, 2.0, 0.0)


async def test_waiting_ends_with_the_next_block() -> None:
    count = BlockCount()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(count.wait(30.0))
        await asyncio.sleep(0)
        count.add(SeenBlock(1, 7, 0.0))
    assert waiting.done()
    assert count.committed == 7


async def test_waiting_ends_without_a_block() -> None:
    count = BlockCount()
    await count.wait(0.001)
    assert count.committed == 0
