"""What stands in a place of a request; pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from gateway.core.exchange import header
from gateway.core.recall import recalled
from gateway.core.routes import Where

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Place
    from gateway.core.table import Matched


_LONG = 512
"""Characters of a query beyond which nothing is remembered of it."""
_ASCII = frozenset({"", "utf-8", "us-ascii"})
_PARSED = frozenset({"", "application/json", "text/plain"})
_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*["']?([^"';\s]*)""")


def values(place: Place, matched: Matched, request: Request) -> list[Any]:
    """Everything that stands in a place, decoded; a member or a query parameter given twice counts twice.

    So does what only some services take for the same name: other case, `name[]`, what a `;` parts. A body that its
    headers call something else than JSON in UTF-8 holds nothing, since a service may read it so.
    """
    if place.where is Where.PATH:
        return [unquote(matched.parameters[place.name])] if place.name in matched.parameters else []
    if place.where is Where.QUERY:
        query = request.query
        return list((_in_query if len(query) <= _LONG else _in_query.__wrapped__)(query, place.name))
    return _members(request.body, place.name) if _is_json(request.headers) else []


def holds_only(place: Place, wanted: str, matched: Matched, request: Request) -> bool:
    """Whether the place holds `wanted`, and nothing else; nobody wants nothing."""
    found = values(place, matched, request)
    return bool(wanted) and bool(found) and found.count(wanted) == len(found)


@lru_cache(maxsize=4096)
def _in_query(query: str, wanted: str) -> tuple[str, ...]:
    pairs = [pair.partition("=") for pair in query.split("&")]
    plain = [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == wanted]
    if not plain:
        return ()
    parted = [part.partition("=") for pair in query.split("&") for part in pair.split(";")[1:]]
    alike = [
        unquote_plus(value)
        for number, (name, _, value) in enumerate([*pairs, *parted])
        if (number >= len(pairs) or unquote_plus(name) != wanted) and _folded(unquote_plus(name)) == _folded(wanted)
    ]
    return (*plain, *alike)


def _members(body: bytes, name: str) -> list[Any]:
    # A member given twice counts twice: services differ in which one they take.
    found: list[tuple[str, Any]] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found[:] = pairs
        return dict(pairs)

    try:
        top = json.loads(body, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return []
    if not isinstance(top, dict) or name not in top:
        return []
    return [value for key, value in found if key == name or _folded(key) == _folded(name)]


def _folded(name: str) -> str:
    """A name as the most lenient of services compare it; PHP makes blanks and dots underscores."""
    return name.casefold().partition("[")[0].strip(" \t\0").replace(".", "_").replace(" ", "_")


@recalled
def _is_json(headers: Headers) -> bool:
    coding = header(headers, "content-encoding")
    kind = header(headers, "content-type") or ""
    essence = kind.partition(";")[0].strip().lower()
    charsets = {charset.lower() for charset in _CHARSET.findall(kind)}
    plain = (coding or "identity").strip().lower() == "identity" and charsets <= _ASCII
    return plain and (essence in _PARSED or essence.endswith("+json"))
