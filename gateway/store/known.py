"""Which of many keys the store knows, asked for some hundred at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

_AT_ONCE = 500
"""Keys of one statement; every database takes so many."""


def rows_of(
    connection: sqlite3.Connection, query: str, keys: Sequence[str], before: Sequence[Any] = ()
) -> Iterator[sqlite3.Row]:
    """The rows of a query whose `IN ({})` takes the keys and whose earlier parameters are `before`."""
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        yield from connection.execute(query.format(", ".join("?" * len(some))), [*before, *some])


def known_of(connection: sqlite3.Connection, query: str, keys: Sequence[str], before: Sequence[Any] = ()) -> set[str]:
    """The first column of those rows."""
    return {row[0] for row in rows_of(connection, query, keys, before)}
