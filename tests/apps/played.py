"""A small table and recording for closed replays."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.exchange import Exchange, Headers, Request, Response
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Authorization, Effect, Move, Place, Route, Service, Target, Where
from gateway.core.table import RouteTable
from shadow.recording.recorded import Origin, Recorded
from shadow.replay import Placed, place_all

JSON = ("content-type", "application/json")


def target(method: str, path: str) -> Target:
    """A method and path pattern."""
    return Target(method, PathPattern(path))


ROUTES = (
    Route("notes.list", "notes", target("GET", "/notes"), target("GET", "/api/v1/notes"), Effect.READ, Access.PUBLIC),
    Route(
        "notes.save", "notes", target("POST", "/notes"), target("POST", "/api/v1/notes"), Effect.WRITE, Access.PUBLIC
    ),
    Route(
        "notes.end",
        "notes",
        target("POST", "/end"),
        target("POST", "/api/v1/notes/{id}/end"),
        Effect.WRITE,
        Access.PUBLIC,
        moves=(Move(Place(Where.BODY, "note_id"), Place(Where.PATH, "id")),),
    ),
    Route(
        "notes.get",
        "notes",
        target("GET", "/notes/{id}"),
        target("GET", "/api/v1/notes/{id}"),
        Effect.READ,
        Access.PUBLIC,
    ),
    Route("notes.inner", "notes", target("GET", "/inner"), None, Effect.READ, Access.INTERNAL),
)
TABLE = RouteTable(
    "notes",
    {"notes": Service("notes", "http://127.0.0.1:9101", "http://127.0.0.1:9101", Authorization.FORWARD, "")},
    ROUTES,
)


def entry(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    number: int = 0,
    answer: bytes = b'{"ok":true}',
    status: int = 200,
    headers: Headers = (),
) -> Recorded:
    """One recorded JSON exchange with the notes service."""
    length = (("Content-Type", "application/json"), ("Content-Length", str(len(body)))) if body else ()
    request = Request(method, path, (("Host", "localhost:9101"), *length, *headers), body)
    response = Response(status, (JSON, ("content-length", str(len(answer)))), answer, "OK")
    exchange = Exchange(f"e-{number}", "", request, response, 1000.0 + number)
    return Recorded(number, Origin("http", "localhost", 9101), exchange)


def preflight(path: str, method: str, *, number: int = 0) -> Recorded:
    """A recorded preflight for a method, answered as permissive services do."""
    asked = (("Origin", "http://dash"), ("Access-Control-Request-Method", method))
    one = entry("OPTIONS", path, number=number, headers=asked)
    allowed = (
        ("access-control-allow-origin", "http://dash"),
        ("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("access-control-max-age", "600"),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
        ("content-length", "2"),
        ("content-type", "text/plain; charset=utf-8"),
    )
    return replace(one, exchange=replace(one.exchange, response=Response(200, allowed, b"OK", "OK")))


def session() -> tuple[Recorded, ...]:
    """A clean session: a preflight, reads, a write, a moved parameter, an internal call, and an unknown path."""
    return (
        preflight("/end", "POST", number=0),
        entry("POST", "/end", b'{"note_id":"n%2F1"}', number=1),
        entry("GET", "/notes?tag=a&tag=b%2Bc", number=2),
        entry("POST", "/notes", b'{"text":"x"}', number=3, status=201),
        entry("GET", "/inner", number=4),
        entry("GET", "/nope", number=5, status=404),
    )


def placed(*entries: Recorded) -> tuple[Placed, ...]:
    """The exchanges with their routes."""
    return place_all(entries, TABLE)
