"""What accept, tolerate and reject share: their arguments, and the line they print."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.store.database import open_store
from migrate.commands.options import login_name
from migrate.review import decide, expiry
from reports.figures import count, moment, plain

if TYPE_CHECKING:
    from pathlib import Path

    from migrate.review import Decided

Signature = Annotated[
    str, typer.Argument(metavar="SIGNATURE", help="A signature, or a beginning of it that no other has.")
]
Expires = Annotated[str, typer.Option("--expires", metavar="DATE", help="The last day it holds: 2030-01-31.")]
_PAST = {"accept": "accepted", "tolerate": "tolerated", "reject": "rejected"}


def run(
    action: str,
    signature: str,
    reason: str,
    by: str,
    expires: str,
    *,
    store: Path,
    as_json: bool,
    lasts: float | None = None,
) -> None:
    """Decide, record, and say what was decided; `lasts` is how many seconds it holds when no day is given."""
    until = expiry(expires, time.time(), lasts)
    with closing(open_store(store, create=False)) as connection:
        decided = decide(connection, action, signature, reason=reason, by=by or login_name(), expires=until)
    if as_json:
        typer.echo(json.dumps(_document(action, decided), indent=2))
        return
    subject, rule = decided.subject, decided.rule
    holds = f", until {moment(rule.expires)}" if rule.expires else ""
    before = f" (was {decided.before.decision} by {plain(decided.before.owner)})" if decided.before else ""
    seen = count(subject.count, "time")
    typer.echo(
        f"{_PAST[action]} {subject.signature}: {subject.route} {plain(subject.what)}, seen {seen}{holds}{before}"
    )


def _document(action: str, decided: Decided) -> dict[str, object]:
    return {
        "action": action,
        **asdict(decided.subject),
        "rule": asdict(decided.rule),
        "before": asdict(decided.before) if decided.before else None,
    }
