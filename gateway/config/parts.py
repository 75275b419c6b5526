"""Services, limit classes and intended changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.face import document, health
from gateway.config.mirroring import read_platform_limit
from gateway.config.problem import Lined, Wrong
from gateway.config.scalars import address, duration, expanding, filled, name, one_of, origin_url, rate, switch, whole
from gateway.core.policy import Limit
from gateway.core.routes import Authorization, Change, Forwarding, Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.section import Section

_USUAL_PER = 60.0


def read_services(root: Section, environment: Mapping[str, str]) -> dict[str, Lined[Service]]:
    """Services by name."""
    services: dict[str, Lined[Service]] = {}
    for title, section in root.section("services").each("service"):
        _check_name(section, title)
        url = expanding(environment, origin_url)
        legacy = section.need("legacy", url) or ""
        services[title] = Lined(
            Service(
                name=title,
                legacy=legacy,
                internal=section.read("internal", url, legacy),
                authorization=section.need("authorization", one_of(Authorization)) or Authorization.STRIP,
                shadow_listen=section.need("shadow_listen", expanding(environment, address)) or "",
                internal_key=section.read("internal_key", _internal_key, default=True),
                context=section.read("context", switch, default=True),
                forwarding=section.read("forwarding", one_of(Forwarding), Forwarding.X_FORWARDED),
                openapi=section.read("openapi", document, ""),
                health=section.read("health", health, "/health"),
                title=section.read("title", filled, ""),
                platform_limit=read_platform_limit(section),
            ),
            section.line_of("shadow_listen"),
        )
        section.close()
    if not services:
        root.wrong("services", "no service is declared", "write services: with at least one entry")
    return services


def _internal_key(text: str) -> bool:
    try:
        return switch(text)
    except Wrong:
        raise Wrong(
            "says only whether the key is sent", "write true or false; the key itself is CUTOVER_INTERNAL_KEY"
        ) from None


def read_limits(root: Section) -> dict[str, Lined[Limit]]:
    """Limit classes by name."""
    limits: dict[str, Lined[Limit]] = {}
    for title, section in root.section("limits").each("limit"):
        _check_name(section, title)
        limit = Limit(
            rate=section.need("rate", rate) or 1.0,
            per=section.read("per", duration, _USUAL_PER),
            burst=section.read("burst", whole(1), 10),
        )
        limits[title] = Lined(limit, section.line)
        section.close()
    return limits


def read_changes(root: Section) -> list[Lined[Change]]:
    """Intended differences."""
    changes = []
    for section in root.listed("changes", "change"):
        if section.node_is_wrong:
            continue
        title = section.need("id", name) or ""
        section.name = f"change {title}".strip()
        changes.append(Lined(_change(section, title), section.line_of("id")))
        section.close()
    return changes


def _change(section: Section, title: str) -> Change:
    routes = section.values("routes", str)
    if not routes:
        section.wrong("routes", "routes names none", "write routes: [route ids or globs]")
    legacy, gateway = section.section("from"), section.section("to")
    status = whole(100, 599)
    change = Change(
        id=title,
        routes=tuple(item.value for item in routes or ()),
        reason=section.need("reason", filled) or "",
        legacy_status=legacy.read("status", status, None),
        gateway_status=gateway.read("status", status, None),
        gateway_reason=gateway.read("reason", name, ""),
        at=section.read("at", filled, None),
    )
    legacy.close()
    gateway.close()
    if section.has("to") and change.gateway_status is None and not change.gateway_reason:
        section.wrong("to", "to says nothing", "write to: {status: …}, or remove it and write at: location:path")
    elif change.at is None and not section.has("to"):
        section.wrong("id", "it says neither to: nor at:", "write to: {status: …} or at: location:path")
    return change


def _check_name(section: Section, title: str) -> None:
    try:
        name(title)
    except Wrong as wrong:
        section.wrong("", wrong.message, wrong.mend)
