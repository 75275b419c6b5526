"""What a caller of an existing path is told of the one that comes after it: where it is, and until when. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.path import PathPattern
    from gateway.core.routes import Route


def successor_url(public_url: str, route: Route, target: str) -> str:
    """Where the route lives now: the mapped target, or its pattern when the request could not be mapped."""
    if route.gateway is None:
        return ""
    return public_url.rstrip("/") + (target or _template(route.gateway.path))


def successor_link(url: str) -> str:
    """The value of a Link header (RFC 8288) to it (RFC 5829)."""
    return f'<{url}>; rel="successor-version"'


def deprecated_since(at: float) -> str:
    """The value of a Deprecation header (RFC 9745): a moment in seconds since the epoch."""
    return f"@{int(at)}"


def sunset_at(date: str) -> str:
    """The value of a Sunset header (RFC 8594) for an ISO date."""
    moment = datetime.fromisoformat(date)
    return formatdate((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), usegmt=True)


def _template(path: PathPattern) -> str:
    return path.text.replace("{", "%7B").replace("}", "%7D")
