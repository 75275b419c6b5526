"""The options that commands share, and what they open."""

from __future__ import annotations

import getpass
import os
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.core.errors import UsageError
from gateway.store.database import open_store
from reports.criteria import Targets

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="CUTOVER_CONFIG", help="The route table.", show_default=True),
]
Store = Annotated[
    Path,
    typer.Option("--store", envvar="CUTOVER_STORE", help="The SQLite store; key files stand beside it."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; goes into the audit trail.")]
By = Annotated[str, typer.Option("--by", help="Who; goes into the audit trail. Default: the login name.")]
Target = Annotated[
    float | None,
    typer.Option("--target", help="The match rate (0 to 1) that the lower bound must reach. Default: 0.999."),
]

DEFAULT_CONFIG = Path("cutover.yaml")
DEFAULT_STORE = Path(".cutover/cutover.db")


def login_name() -> str:
    """The login name, or `uid:N` where the user has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid:{os.getuid()}"


def targets(parity: float | None) -> Targets:
    """The default targets, with the parity that was asked for.

    Raises:
        UsageError: it is no rate.
    """
    if parity is None:
        return Targets()
    if not 0 < parity < 1:
        raise UsageError(f"--target {parity:g}: a match rate lies between 0 and 1, such as 0.999")
    return Targets(parity=parity)


@contextmanager
def read_store(store: Path) -> Iterator[sqlite3.Connection]:
    """The store for a command that only reads: before anything ran an empty one stands in, and no file is made.

    Raises:
        ConfigError: what is there is no store.
    """
    if store.exists():
        with closing(open_store(store, create=False)) as connection:
            yield connection
        return
    with TemporaryDirectory() as folder, closing(open_store(Path(folder) / "empty.db")) as connection:
        yield connection
