"""Closing and reopening for real: apply, compare, record who did it and what stood there before and after."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.core.errors import ConfigError, RefusedError
from gateway.store.audit import AuditEntry, record, trail
from migrate.ports.ruleset import script

if TYPE_CHECKING:
    from migrate.ports.nft import Counters, Nft
    from migrate.ports.ruleset import Closing

CLOSE = "ports.close"
REOPEN = "ports.reopen"
_WHOLE_TRAIL = 1_000_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, when (epoch seconds) and why."""

    by: str
    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing did: `changed` is False when exactly this closing stood already."""

    changed: bool
    before: str
    after: str


def close(connection: sqlite3.Connection, nft: Nft, wanted: Closing, actor: Actor, detail: dict[str, Any]) -> Closed:
    """Apply the closing and record it; a second time is a no-op and leaves the counters alone.

    Raises:
        UnreachableError: nft is missing, or this user may not change rules.
        RefusedError: nft does not take the script, or the change could not be recorded and was taken back.
    """
    before, text = nft.listing(wanted.service), script(wanted)
    if before and before == _recorded(connection, wanted.service, nft.netns, text):
        return Closed(changed=False, before=before, after=before)
    nft.apply(text)
    after = nft.listing(wanted.service)
    kept = {**detail, "netns": nft.netns, "port": wanted.port, "script": text, "before": before, "after": after}
    try:
        record(connection, AuditEntry(actor.at, actor.by, CLOSE, wanted.service, actor.reason, kept))
    except sqlite3.Error as error:
        _restore(nft, wanted.service, before)
        raise RefusedError(f"the closing could not be recorded ({error}), so it was taken back") from None
    return Closed(changed=True, before=before, after=after)


def reopen(connection: sqlite3.Connection, nft: Nft, service: str, actor: Actor) -> Counters | None:
    """Remove the service's table and record it with what it had counted; None when the port was not closed.

    Raises:
        UnreachableError: nft is missing, or this user may not change rules.
        ConfigError: the port is open again, but that could not be recorded.
    """
    before, counters = nft.listing(service), nft.counters(service)
    if counters is None:
        return None
    nft.remove(service)
    counted = {"refused": counters.refused, "allowed": counters.allowed}
    kept = {"netns": nft.netns, "before": before, "after": "", "counted": counted}
    try:
        record(connection, AuditEntry(actor.at, actor.by, REOPEN, service, actor.reason, kept))
    except sqlite3.Error as error:
        raise ConfigError(f"{service} is reopened, but the audit trail could not be written: {error}") from None
    return counters


def _recorded(connection: sqlite3.Connection, service: str, netns: str, text: str) -> str:
    """What the last closing of this service left behind, if it was this very script; else empty."""
    for entry in trail(connection, _WHOLE_TRAIL):
        if entry.subject == service and entry.action in {CLOSE, REOPEN} and entry.detail.get("netns") == netns:
            return str(entry.detail["after"]) if entry.detail.get("script") == text else ""
    return ""


def _restore(nft: Nft, service: str, before: str) -> None:
    nft.remove(service)
    if before:
        nft.apply(before)
