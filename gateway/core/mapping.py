"""One request said in the terms of the other side: method, raw path, raw query, moved parameters.

Values stay raw wherever they can: from path to path and query to query nothing is decoded. Only a move that
changes the place re-encodes, since `+` means a space in a query and itself in a path.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus

from gateway.core.exchange import Request, header
from gateway.core.routes import Place, Where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.core.exchange import Headers
    from gateway.core.routes import Route, Target


class MappingError(ValueError):
    """The request does not carry a parameter that the other side needs."""


def to_gateway(route: Route, parameters: Mapping[str, str], request: Request) -> Request:
    """A legacy request in the gateway's terms; `parameters` are those the legacy target matched.

    Raises:
        MappingError: a moved parameter is absent, or the route has no gateway side.
    """
    if route.gateway is None:
        raise MappingError(f"route {route.id} is internal and has no gateway path")
    moves = [(move.legacy, move.gateway) for move in route.moves]
    return _translate(request, parameters, route.gateway, moves)


def to_legacy(route: Route, parameters: Mapping[str, str], request: Request) -> Request:
    """A gateway request in the service's terms; `parameters` are those the gateway target matched.

    Raises:
        MappingError: a moved parameter is absent.
    """
    moves = [(move.gateway, move.legacy) for move in route.moves]
    return _translate(request, parameters, route.legacy, moves)


def _translate(
    request: Request, parameters: Mapping[str, str], target: Target, moves: Sequence[tuple[Place, Place]]
) -> Request:
    if not moves:
        return _renamed(request, parameters, target)
    path = dict(parameters)
    query = _pairs(request.query)
    body = _Body(request)
    placed: list[tuple[Place, str | Any]] = []
    for source, destination in moves:
        value = _take(source, path, query, body)
        if value is not None:
            same = source.where is destination.where
            placed.append((destination, value if same else _encode(destination, _plain(source, value))))
        elif destination.where is Where.PATH:
            raise MappingError(f"{source} is missing, and {target} cannot be written without it")
    for destination, value in placed:
        if destination.where is Where.PATH:
            path[destination.name] = value
        elif destination.where is Where.QUERY:
            query.extend(f"{destination.name}={item}" for item in (value if isinstance(value, list) else [value]))
        else:
            body.put(destination.name, value)
    return body.write(replace(request, method=target.method, target=_written(request, path, query, target)))


def _renamed(request: Request, parameters: Mapping[str, str], target: Target) -> Request:
    text = _written(request, parameters, _pairs(request.query), target)
    return Request(target.method, text, request.headers, request.body, request.client)


def _written(request: Request, path: Mapping[str, str], query: list[str], target: Target) -> str:
    try:
        filled = target.path.fill(path)
    except KeyError as missing:
        raise MappingError(f"path parameter {missing} is missing for {target}") from None
    return filled + ("?" + "&".join(query) if query else _lone_question_mark(request))


def _pairs(query: str) -> list[str]:
    return [pair for pair in query.split("&") if pair] if query else []


def _lone_question_mark(request: Request) -> str:
    return "?" if request.target.endswith("?") and not request.query else ""


def _take(place: Place, path: dict[str, str], query: list[str], body: _Body) -> Any:
    if place.where is Where.PATH:
        return path.pop(place.name, None)
    if place.where is Where.BODY:
        return body.take(place.name)
    taken = [pair for pair in query if unquote_plus(pair.partition("=")[0]) == place.name]
    for pair in taken:
        query.remove(pair)
    return [pair.partition("=")[2] for pair in taken] or None


def _plain(place: Place, value: Any) -> Any:
    if place.where is Where.PATH:
        return unquote(value, errors="surrogateescape")
    if place.where is Where.QUERY:
        return unquote_plus(value[-1], errors="surrogateescape")
    return value


def _encode(place: Place, value: Any) -> Any:
    if place.where is Where.BODY:
        if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
            raise MappingError(f"{place} must be UTF-8 text")
        return value
    if not isinstance(value, str) or not value:
        if place.where is Where.PATH and not isinstance(value, int | float):
            raise MappingError(f"{place} must be a text or a number to stand in a path, not {value!r:.40}")
        value = value if isinstance(value, str) else json.dumps(value)
    try:
        return quote(value, safe="", errors="surrogateescape")
    except UnicodeEncodeError:
        raise MappingError(f"{place} must be UTF-8 text") from None


class _Body:
    """A JSON object body, parsed only when a parameter moves in or out of it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._object: dict[str, Any] | None = None
        self._changed = False

    def _load(self) -> dict[str, Any]:
        if self._object is None:
            try:
                loaded = json.loads(self._request.body) if self._request.body else {}
            except (ValueError, RecursionError):
                loaded = None
            if not isinstance(loaded, dict):
                raise MappingError("the body is no JSON object, so no parameter can be moved in or out of it")
            self._object = loaded
        return self._object

    def take(self, name: str) -> Any:
        loaded = self._load()
        if name not in loaded:
            return None
        self._changed = True
        return loaded.pop(name)

    def put(self, name: str, value: Any) -> None:
        self._load()[name] = value
        self._changed = True

    def write(self, request: Request) -> Request:
        if not self._changed:
            return request
        content = _compact(self._object)
        return replace(request, body=content, headers=_with_length(request.headers, len(content)))


def _compact(value: Any) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        raise MappingError("the body holds a number that JSON cannot say, so it cannot be rewritten") from None
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate is legal as an escape (RFC 8259 §8.2) and has no UTF-8 form.
        return json.dumps(value, separators=(",", ":")).encode()


def _with_length(headers: Headers, length: int) -> Headers:
    kept = tuple(pair for pair in headers if pair[0].lower() not in {"content-length", "transfer-encoding"})
    if header(headers, "content-type") is None:
        kept = (*kept, ("Content-Type", "application/json"))
    return (*kept, ("Content-Length", str(length)))
