"""What accept, tolerate and reject share: their arguments, and the line they print."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config import load_table
from gateway.store.database import open_store
from migrate.commands.options import login_name
from migrate.review import decide, expiry, look
from reports import render_preview
from reports.figures import count, moment, plain

if TYPE_CHECKING:
    from pathlib import Path

    from migrate.review import Decided

Signature = Annotated[
    str, typer.Argument(metavar="SIGNATURE", help="A signature, or a beginning of it that no other has.")
]
Expires = Annotated[str, typer.Option("--expires", metavar="DATE", help="The last day it holds: 2030-01-31.")]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what it would hide; decide nothing.")]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="MEANING",
        help="Only where both values mean the same: uuid, jwt, url, 'timestamp 2s', 'number 0.01', 'number 5%'.",
    ),
]
_PAST = {"accept": "accepted", "tolerate": "tolerated", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A decision as it was asked for; `lasts` is how many seconds it holds when no day is given.

    With a `meaning` it holds only for values that mean the same.
    """

    action: str
    signature: str
    reason: str
    by: str
    expires: str = ""
    lasts: float | None = None
    preview: bool = False
    meaning: str = ""


def run(asked: Asked, *, store: Path, config: Path, as_json: bool) -> None:
    """Show what the decision hides; then decide, record, and say what was decided."""
    until = expiry(asked.expires, time.time(), asked.lasts)
    terms = {"reason": asked.reason, "by": asked.by or login_name(), "meaning": asked.meaning}
    changes = _changes(config)
    with closing(open_store(store, create=False)) as connection:
        decided = look(connection, asked.action, asked.signature, **terms, expires=until, changes=changes)
        if decided.preview and not as_json and asked.reason.strip():
            typer.echo(render_preview.text(decided.preview))
        if not asked.preview:
            decided = decide(connection, asked.action, asked.signature, **terms, expires=until, changes=changes)
    typer.echo(json.dumps(_document(asked.action, decided), indent=2) if as_json else _text(asked.action, decided))


def _changes(config: Path) -> tuple[str, ...]:
    # A decision needs the store alone; the table only says which declared changes still explain something.
    return tuple(change.id for change in load_table(config).changes) if config.exists() else ()


def _text(action: str, decided: Decided) -> str:
    if not decided.done:
        return f"Nothing was decided; leave --preview out to {action} it."
    subject, rule = decided.subject, decided.rule
    means = f", as {rule.meaning}" if rule.meaning else ""
    holds = f", until {moment(rule.expires)}" if rule.expires else ""
    before = f" (was {decided.before.decision} by {plain(decided.before.owner)})" if decided.before else ""
    seen = count(subject.count, "time")
    where = f"{subject.route} {plain(subject.what)}{means}"
    return f"{_PAST[action]} {subject.signature}: {where}, seen {seen}{holds}{before}"


def _document(action: str, decided: Decided) -> dict[str, object]:
    return {
        "action": action,
        "decided": decided.done,
        **asdict(decided.subject),
        "rule": asdict(decided.rule),
        "before": asdict(decided.before) if decided.before else None,
        "preview": render_preview.document(decided.preview) if decided.preview else None,
    }
