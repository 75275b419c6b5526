"""`cutover shadow`: mitmdump and the mirror worker as children of one process."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Shadow:
    """A running shadow: the listener's base URL by service, and the process that holds the children."""

    urls: Mapping[str, str]
    pid: int


def run(config: Path, store: Path) -> None:
    """Run until SIGTERM or SIGINT; prints one ready line when every listener accepts.

    Raises:
        ConfigError: the table or the store is not usable.
        UnreachableError: a listener's address is taken.
    """
    raise NotImplementedError


@contextmanager
def running(config: Path, store: Path, environment: Mapping[str, str] | None = None) -> Iterator[Shadow]:
    """A shadow in processes of its own, ready when the block begins and gone when it ends.

    Raises:
        UnreachableError: it did not become ready; its last lines are in the message.
    """
    raise NotImplementedError
    yield
