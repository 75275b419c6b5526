"""Decisions on signatures: found by a unique beginning, stored with their audit entry, never by rewriting history."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.config.problem import Wrong
from gateway.config.shadowing import like
from gateway.core.alike import JUDGED, PLACES, steps, written
from gateway.core.errors import UsageError
from gateway.core.nearest import nearest
from gateway.core.observation import DifferenceKind, Rule
from gateway.store.audit import AuditEntry, record
from gateway.store.counts import refusals
from gateway.store.database import transaction
from gateway.store.observations import put_rule, rules, signatures
from reports.explained import refusal_signature
from reports.preview import Preview, preview

if TYPE_CHECKING:
    import sqlite3

DECISIONS = {"accept": "expected", "tolerate": "tolerated", "reject": "rejected"}
TOLERATED_FOR = 14 * 86_400.0
"""Seconds for which a tolerated signature is tolerated when nobody says otherwise."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A signature that can be decided on: of a difference, or of a would-be refusal.

    `comparable` says that it is about two values, which may be compared by meaning.
    """

    signature: str
    route: str
    what: str
    count: int
    comparable: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on, the rule now, the one it replaced, and what the rule hides.

    `done` is False for a decision that was only looked at.
    """

    subject: Reviewable
    rule: Rule
    before: Rule | None
    preview: Preview | None = None
    done: bool = True


def reviewable(connection: sqlite3.Connection) -> dict[str, Reviewable]:
    """Everything that can be decided on, by signature."""
    known = {
        item.signature: Reviewable(
            item.signature,
            item.route,
            f"{item.location} {item.pattern} {item.kind}".replace("  ", " "),
            item.count,
            comparable=item.kind == DifferenceKind.CHANGED and item.location.startswith(PLACES),
        )
        for item in signatures(connection)
    }
    for item in refusals(connection):
        signature = refusal_signature(item.route, item.status, item.reason)
        counted = known[signature].count if signature in known else 0
        what = f"would refuse {item.status} {item.reason}"
        known[signature] = Reviewable(signature, item.route, what, counted + item.count)
    return known


def find(connection: sqlite3.Connection, beginning: str) -> Reviewable:
    """The one signature that begins so.

    Raises:
        UsageError: none does, or several do.
    """
    known = reviewable(connection)
    found = [item for signature, item in known.items() if beginning and signature.startswith(beginning.lower())]
    if len(found) == 1:
        return found[0]
    if not found:
        near = nearest(beginning, known)
        hint = (
            f"did you mean {near} ({known[near].route} {known[near].what})?" if near else "`cutover diffs` lists them"
        )
        raise UsageError(f"no signature {beginning!r}; {hint}")
    named = ", ".join(f"{item.signature} ({item.route} {item.what})" for item in found[:_NAMED])
    raise UsageError(f"{len(found)} signatures begin with {beginning!r}: {named}; write more of it")


def decide(
    connection: sqlite3.Connection,
    action: str,
    beginning: str,
    *,
    reason: str,
    by: str,
    expires: float | None,
    meaning: str = "",
    changes: tuple[str, ...] = (),
) -> Decided:
    """Store a decision and its audit entry at once; `action` is accept, tolerate or reject.

    The entry holds the flag revision, the route digest and what the rule hid, as they were at that moment. `changes`
    are the ids of declared changes.

    Raises:
        UsageError: the signature is unknown, or the reason says nothing.
    """
    if not reason.strip():
        raise UsageError("--reason says nothing; write why, it goes into the audit trail")
    with transaction(connection):
        decided = look(
            connection, action, beginning, reason=reason, by=by, expires=expires, meaning=meaning, changes=changes
        )
        subject, rule, before = decided.subject, decided.rule, decided.before
        put_rule(connection, rule)
        detail: dict[str, Any] = {"route": subject.route, "what": subject.what, "expires": expires}
        detail |= {"as": rule.meaning} if rule.meaning else {}
        detail["before"] = before.decision if before else None
        detail["revision"] = _revision(connection)
        if decided.preview:
            names = ("digest", "observed", "agreeing", "pairs", "beyond")
            detail |= {name: getattr(decided.preview, name) for name in names}
        record(connection, AuditEntry(rule.created, by, action, subject.signature, rule.reason, detail))
    return replace(decided, done=True)


def look(
    connection: sqlite3.Connection,
    action: str,
    beginning: str,
    *,
    reason: str,
    by: str,
    expires: float | None,
    meaning: str = "",
    changes: tuple[str, ...] = (),
) -> Decided:
    """The same decision without making it: what it would hide.

    Raises:
        UsageError: the signature is unknown, or its values cannot be compared by the meaning.
    """
    subject = find(connection, beginning)
    means = _meaning(subject, meaning)
    now = time.time()
    rule = Rule(subject.signature, DECISIONS[action], _written(by), _written(reason), now, expires, means)
    shown = preview(connection, subject.signature, subject.what, rule, changes, now) if rule.explains(now) else None
    return Decided(subject, rule, rules(connection).get(subject.signature), shown, done=False)


def expiry(text: str | None, now: float, default: float | None = None) -> float | None:
    """The end of a date (UTC, the day included) in epoch seconds; without a text `now + default`, or never.

    Raises:
        UsageError: the text is no date, or it has passed.
    """
    if not text:
        return None if default is None else math.ceil(now + default)
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--expires {text}: write a date such as 2030-01-31") from None
    end = (day + timedelta(days=1)).timestamp()
    if end <= now:
        raise UsageError(f"--expires {text}: that day has passed")
    return end


def _meaning(subject: Reviewable, text: str) -> str:
    if not text:
        return ""
    if not subject.comparable:
        raise UsageError(
            f"--as {text}: {subject.route} {subject.what} has no two values that could mean the same; leave --as out"
        )
    try:
        asked = like(text)
    except Wrong as wrong:
        raise UsageError(f"--as {text}: {wrong.message}; {wrong.mend}") from None
    if asked.meaning not in JUDGED:
        raise UsageError(
            f"--as {text}: a model's text is compared so only where the route says it (shadow: compare:)"
        )
    known = steps(asked)
    if known and asked.within not in known:
        named = ", ".join(written(replace(asked, within=step)) for step in known)
        raise UsageError(f"--as {text}: distances are told apart in steps; write one of: {named}")
    return written(asked)


def _revision(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0])


def _written(argument: str) -> str:
    # An argument that is no UTF-8 arrives with lone surrogates, which no store takes.
    return argument.strip().encode("utf-8", "backslashreplace").decode()
