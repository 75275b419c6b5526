"""A table in heap order: stable until a row is updated, then that row stands at the end."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from dataclasses import Field
    from typing import ClassVar


class Row(Protocol):
    """A frozen dataclass with an id."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def id(self) -> str:
        """The primary key."""


class Heap[R: Row]:
    """Frozen rows by id, listed as PostgreSQL lists them without ORDER BY."""

    def __init__(self) -> None:
        self._rows: dict[str, R] = {}

    def __iter__(self) -> Iterator[R]:
        return iter(tuple(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row_id: str) -> R | None:
        """The row with this id, or None."""
        return self._rows.get(row_id)

    def insert(self, row: R) -> R:
        """Append a row; a row with the same id is replaced and moves to the end."""
        self._rows.pop(row.id, None)
        self._rows[row.id] = row
        return row

    def update(self, row_id: str, **changes: Any) -> R:
        """Write a new version of a row, which moves it to the end.

        Raises:
            KeyError: no row has this id.
        """
        return self.insert(dataclasses.replace(self._rows[row_id], **changes))

    def delete(self, row_id: str) -> None:
        """Remove a row; nothing happens when it is absent."""
        self._rows.pop(row_id, None)

    def where(self, wanted: Callable[[R], bool]) -> list[R]:
        """The rows that satisfy a condition, in heap order."""
        return [row for row in self if wanted(row)]

    def first(self, wanted: Callable[[R], bool]) -> R | None:
        """The first row that satisfies a condition, or None."""
        return next((row for row in self if wanted(row)), None)
