"""Lists that only grow."""

from contracts.author import Map, call

lists = Map(list)


@call
def read(key: str) -> list[int]:
    """Give the whole list."""
    return lists.get(key, [])


@call
def append(key: str, value: int) -> int:
    """Add a number at the end; give how many there are."""
    items = lists.get(key, [])
    items.append(value)
    lists[key] = items
    return len(items)
