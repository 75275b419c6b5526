"""What the player says to the questions that a gateway asks of its own accord: whose something is, what roles hold.

A recording holds no answer to most of them. Where it does, that is given; else what was asked for belongs to whoever
asked, unless the recording says that it was not there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from gateway.core.exchange import Response, header
from gateway.core.mark import QUESTION_HEADER
from gateway.core.permissions import expanded
from gateway.core.routes import Where
from gateway.core.subject import subject_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Exchange, Request
    from gateway.core.routes import Lookup, Place
    from gateway.core.table import RouteTable
    from shadow.replay import Placed

OWNER, ROLES = "owner", "roles"
_ABSENT = 404
_SAYS = frozenset({200, _ABSENT})


def is_question(request: Request) -> bool:
    """Whether a gateway asks this of its own accord, for no client."""
    return header(request.headers, QUESTION_HEADER) is not None


class Questions:
    """Answers them for one recording; `about` is what the client was sent on when the gateway asked."""

    def __init__(self, placed: Sequence[Placed], table: RouteTable) -> None:
        self._table = table
        self._exchanges = [one.exchange for one in placed]
        self._about: tuple[Exchange, Request] | None = None

    def about(self, exchange: Exchange, request: Request) -> None:
        """From now on the gateway asks on account of this exchange, sent to it as `request`."""
        self._about = exchange, request

    def answer(self, service: str, asked: Request) -> Response:
        """What the service says."""
        kind = header(asked.headers, QUESTION_HEADER)
        if kind == ROLES:
            return _json(self._roles())
        lookup = self._lookup(service, asked) if kind == OWNER else None
        if lookup is None or self._about is None:
            return _json({"detail": "the recording holds no such request"}, _ABSENT)
        return self._owner(lookup, service, asked)

    def _roles(self) -> list[dict[str, Any]]:
        permissions = self._table.policy.permissions
        names = {route.permission for route in self._table.routes if route.permission}
        held = {role: expanded(given, names, permissions.everything) for role, given in permissions.roles.items()}
        return [{"name": role, "permissions": sorted(given)} for role, given in held.items()]

    def _lookup(self, service: str, asked: Request) -> Lookup | None:
        found = self._table.legacy(service).find(asked.method, asked.path)
        if found is None or self._about is None:
            return None
        exposed = self._table.exposed.find(self._about[1].method, self._about[1].path)
        lookups = exposed.route.lookups if exposed else ()
        return next((lookup for lookup in lookups if lookup.route == found.route.id), None)

    def _owner(self, lookup: Lookup, service: str, asked: Request) -> Response:
        assert self._about is not None  # noqa: S101 - the caller has looked
        exchange, request = self._about
        recorded = None if lookup.member else self._recorded(service, asked, exchange.started)
        if recorded is not None:
            return recorded
        if isinstance(exchange.response, Response) and exchange.response.status == _ABSENT:
            return _json([]) if lookup.member else _json({"detail": "Not Found"}, _ABSENT)
        if lookup.member:
            return _json(_listed(lookup.path, self._value(lookup.parameter, request)))
        return _json(_nested(lookup.path, subject_of(exchange.request, b"").organisation))

    def _recorded(self, service: str, asked: Request, at: float) -> Response | None:
        same = [
            (abs(one.started - at), one.response)
            for one in self._exchanges
            if one.service == service
            and one.request.method == asked.method
            and one.request.target == asked.target
            and isinstance(one.response, Response)
            and one.response.status in _SAYS
            and not one.response.truncated
        ]
        return min(same, key=lambda found: found[0])[1] if same else None

    def _value(self, place: Place, request: Request) -> str:
        found = self._table.exposed.find(request.method, request.path)
        if place.where is Where.PATH:
            return unquote(found.parameters.get(place.name, "")) if found else ""
        if place.where is Where.QUERY:
            return dict(parse_qsl(request.query)).get(place.name, "")
        try:
            return str(json.loads(request.body)[place.name])
        except (ValueError, KeyError, TypeError):
            return ""


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _listed(path: tuple[str, ...], value: str) -> Any:
    return _nested(path[:-1], [{path[-1]: value}])


def _json(document: Any, status: int = 200) -> Response:
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    return Response(status, headers, body, "Answer")
