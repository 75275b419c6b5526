"""One call to the platform as a value: written on the legacy path, sent to either side."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_gateway
from loadtests.results import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

JSON = "application/json"
PREFIX = "cutover-load-"
"""How the name of everything begins that a load test creates."""
_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Learn:
    """What a later call takes from an answer: member `key` of each item of the list at `member` (empty: the root).

    `only` is a member and its value that an item must have. What a load test made itself teaches nothing: somebody
    may delete it at any moment.
    """

    variable: str
    member: str = ""
    key: str = ""
    only: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request on a service's legacy path; `{name}` in the target or in texts of the body stands for a variable.

    `fine` are error statuses that legacy always answers here and the client lives with. `body` is sent as JSON.
    """

    service: str
    target: str
    learn: Learn | None = None
    fine: tuple[int, ...] = ()
    method: str = "GET"
    body: Any = None

    @property
    def names(self) -> frozenset[str]:
        """The variables it needs."""
        return frozenset(_VARIABLE.findall(self.target)) | frozenset(_named(self.body))


@dataclass(frozen=True, slots=True)
class Ready:
    """A call with its variables filled in, as each side wants it; targets are relative to the side's address."""

    route: Route
    call: Call
    legacy: Request
    gateway: Request

    def at(self, side: str) -> Request:
        """The request that this side gets."""
        return self.gateway if side == GATEWAY else self.legacy


def ready(table: RouteTable, call: Call, variables: Mapping[str, str]) -> Ready | None:
    """The call on both sides, or None when a variable is unknown or the table has no exposed route for it."""
    if call.service not in table.services or not call.names <= variables.keys():
        return None
    target = _VARIABLE.sub(lambda found: quote(variables[found[1]], safe=":@"), call.target)
    body = b"" if call.body is None else json.dumps(_filled(call.body, variables), separators=(",", ":")).encode()
    request = Request(call.method, target, (("content-type", JSON),) if body else (), body)
    matched = table.legacy(call.service).find(call.method, request.path)
    if matched is None or matched.route.gateway is None:
        return None
    try:
        mapped = to_gateway(matched.route, matched.parameters, request)
    except MappingError:
        return None
    return Ready(matched.route, call, request, mapped)


def route_of(table: RouteTable, call: Call) -> Route | None:
    """The route that takes this call, whatever its variables are."""
    found = ready(table, call, dict.fromkeys(call.names, "any"))
    return found.route if found else None


def learned(learn: Learn, body: bytes) -> tuple[str, ...]:
    """The values an answer teaches; none when it is not of the expected form."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        return ()
    if learn.member:
        document = document.get(learn.member) if isinstance(document, dict) else None
    if not isinstance(document, list):
        return ()
    items = (item for item in document if not _own(item) and _fits(item, learn.only))
    values = (item.get(learn.key) if learn.key and isinstance(item, dict) else item for item in items)
    return tuple(value for value in values if isinstance(value, str) and value)


def _own(item: Any) -> bool:
    texts = item.values() if isinstance(item, dict) else (item,)
    return any(isinstance(text, str) and text.startswith(PREFIX) for text in texts)


def _fits(item: Any, only: tuple[str, str] | None) -> bool:
    return only is None or (isinstance(item, dict) and item.get(only[0]) == only[1])


def time_range(now: float) -> dict[str, str]:
    """The last seven days as the dashboard writes them: ISO 8601 with milliseconds and Z."""
    end = datetime.fromtimestamp(now, UTC)
    return {"start": _stamp(end - timedelta(days=7)), "end": _stamp(end)}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: variables[found[1]], value)
    if isinstance(value, dict):
        return {name: _filled(item, variables) for name, item in value.items()}
    return [_filled(item, variables) for item in value] if isinstance(value, list) else value


def _named(value: Any) -> list[str]:
    if isinstance(value, str):
        return _VARIABLE.findall(value)
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for item in items for name in _named(item)]
