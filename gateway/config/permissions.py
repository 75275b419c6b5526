"""`gateway.permissions`: what roles hold, and where the platform says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, filled, whole, word
from gateway.core.permissions import AUTHENTICATED, Permissions, Refresh

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.config.section import Section

PERMISSION = re.compile(r"[a-z0-9_.-]+(:[a-z0-9_.-]+)*")
_HELD = re.compile(r"\*|[a-z0-9_.-]+(:[a-z0-9_.-]+)*(:\*)?")
_ROLE = re.compile(r"[^\s,\"\x00-\x1f\x7f]{1,64}")
_TARGET = re.compile(r"GET (/[!-~]*)")
LEAST, MOST = 1.0, 30.0
"""Seconds between two questions: a right that is taken away shall not live on for longer."""


def permission(text: str) -> str:
    """The name of one permission, such as `deployment:create`."""
    if not PERMISSION.fullmatch(text):
        raise Wrong(f"{text!r:.60} is no permission", "write words joined by ':', like deployment:create")
    return text


def read_permissions(section: Section, services: Collection[str]) -> Permissions:
    """What roles hold; `services` are the names of those declared."""
    usual = Permissions()
    permissions = Permissions(
        roles=_roles(section.section("roles")),
        everything=section.read("everything", permission, usual.everything),
        refresh=_refresh(section.section("refresh"), services) if section.has("refresh") else None,
        stale=section.read("stale", duration, usual.stale),
    )
    if permissions.refresh and permissions.stale < permissions.refresh.every:
        section.wrong("stale", "stale is shorter than refresh: every", "write a longer stale:")
    section.close()
    return permissions


def _roles(section: Section) -> dict[str, tuple[str, ...]]:
    roles: dict[str, tuple[str, ...]] = {}
    for name in section.names():
        if not _ROLE.fullmatch(name):
            section.wrong(name, f"{name!r:.60} is no role", "write it as tokens name it, without blanks and commas")
        roles[name] = tuple(item.value for item in section.values(name, _held) or ())
    return roles


def _held(text: str) -> str:
    if not _HELD.fullmatch(text) or text == AUTHENTICATED:
        raise Wrong(f"{text!r:.60} is no permission", "write deployment:create, deployment:* or *")
    return text


def _refresh(section: Section, services: Collection[str]) -> Refresh:
    usual = Refresh("", "")
    refresh = Refresh(
        service=section.need("service", word(*services) if services else filled) or "",
        target=section.need("target", _target) or "",
        every=section.read("every", _period, usual.every),
        role=section.read("as", str, usual.role),
        page=section.read("page", whole(1, 1000), usual.page),
    )
    section.close()
    return refresh


def _period(text: str) -> float:
    seconds = duration(text)
    if seconds < LEAST:
        raise Wrong(f"{text} is too often", "write 1s or more")
    if seconds > MOST:
        raise Wrong(f"{text} is too seldom: rights taken away would live on", f"write {MOST:g}s or less")
    return seconds


def _target(text: str) -> str:
    found = _TARGET.fullmatch(text)
    if not found:
        raise Wrong(f"{text!r:.80} is no read", "write GET /path, like GET /admin/roles")
    return found[1]
