"""Defects of the request that the service gets; writes are found by their dry runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.handle import Parts
from gateway.prepare import mapped
from tests.apps.faulty_gateway import outgoing, target, without
from tests.catalogue.defect import UPSTREAM, Defect
from tests.catalogue.rig import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Service
    from gateway.core.table import Matched, RouteTable

JSON = ("Content-Type", "application/json")
SAVE = Asked("notes", "POST", "/notes", "", (JSON,), b'{"title":"a","tags":["x","y"],"n":1.5,"draft":null}')
CREATE = Asked(
    "filtration", "POST", "/management/users", "admin", (JSON,), b'{"email":"new@demo.example","role":"member"}'
)
QUERY = Asked("notes", "POST", "/notes?since=2026-01-01T00:00:00%2B00:00&tag=a&tag=b&empty=", "", (JSON,), b"{}")
OWNED = Asked(
    "notes", "POST", "/notes", "", (JSON, ("X-Owner", "me"), ("Accept-Language", "de"), ("Cookie", "sid=1")), b"{}"
)
SLASHED = Asked("notes", "GET", "/notes/a%2Fb")


def requesting(change: Callable[[Request], Request]) -> Callable[[], Parts]:
    """A gateway that sends another request."""

    def wrong(table: RouteTable, matched: Matched, request: Request) -> Request:
        return change(mapped(table, matched, request))

    return lambda: Parts(mapped=wrong)


def _query(change: Callable[[str], str]) -> Callable[[], Parts]:
    return _aimed(lambda path, query: f"{path}?{change(query)}")


def _aimed(change: Callable[[str, str], str]) -> Callable[[], Parts]:
    return lambda: target(lambda text: change(text.partition("?")[0], text.partition("?")[2]))


def _headers(change: Callable[[Headers], Headers]) -> Callable[[], Parts]:
    return lambda: outgoing(lambda _request, right, _service: change(right.headers))


def _lost(*names: str) -> Callable[[], Parts]:
    return _headers(lambda headers: without(headers, *names))


def _said(name: str, value: str) -> Callable[[], Parts]:
    return _headers(lambda headers: (*without(headers, name.lower()), (name, value)))


def _sent(request: Request, right: Request, _service: Service) -> Headers:
    return (*right.headers, ("X-Forwarded-For", header(request.headers, "x-forwarded-for") or "10.9.9.9"))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "lost-parameter",
        "a query parameter is lost",
        QUERY,
        UPSTREAM,
        ("upstream.query:since missing",),
        _query(lambda query: query.partition("&")[2]),
    ),
    Defect(
        "lost-repetition",
        "of a repeated parameter one survives",
        QUERY,
        UPSTREAM,
        ("upstream.query:tag count (lost-repetition)",),
        _query(lambda query: query.replace("&tag=a", "")),
    ),
    Defect(
        "joined-repetition",
        "a repeated parameter is joined with a comma",
        QUERY,
        UPSTREAM,
        ("upstream.query:tag count (lost-repetition)",),
        _query(lambda query: query.replace("tag=a&tag=b", "tag=a,b")),
    ),
    Defect(
        "reordered-query",
        "repeated parameters change places",
        QUERY,
        UPSTREAM,
        ("upstream.query:tag order",),
        _query(lambda query: query.replace("tag=a&tag=b", "tag=b&tag=a")),
    ),
    Defect(
        "plus-for-space",
        "%2B is decoded and read as a space",
        QUERY,
        UPSTREAM,
        ("upstream.query:since changed",),
        _query(lambda query: query.replace("%2B", "+")),
    ),
    Defect(
        "encoded-twice",
        "a percent sign is encoded once more",
        QUERY,
        UPSTREAM,
        ("upstream.query:since changed (double-encoded)",),
        _query(lambda query: query.replace("%", "%25")),
    ),
    Defect(
        "empty-lost",
        "an empty parameter is left out",
        QUERY,
        UPSTREAM,
        ("upstream.query:empty missing",),
        _query(lambda query: query.replace("&empty=", "")),
    ),
    Defect(
        "path-encoded-twice",
        "an encoded slash is encoded once more",
        SLASHED,
        UPSTREAM,
        ("body:$.id changed", "upstream.path changed (double-encoded)"),
        _aimed(lambda path, _query: path.replace("%2F", "%252F")),
    ),
    Defect(
        "path-lowered",
        "a path is lowered",
        SLASHED,
        UPSTREAM,
        ("body:$.id changed", "upstream.path changed"),
        _aimed(lambda path, _query: path.lower()),
    ),
    Defect(
        "slash-added",
        "a slash is put behind the path",
        SAVE,
        UPSTREAM,
        ("upstream.path changed",),
        _aimed(lambda path, _query: path + "/"),
    ),
    Defect(
        "other-method",
        "PATCH instead of POST",
        SAVE,
        UPSTREAM,
        ("upstream.method changed",),
        requesting(lambda request: replace(request, method="PATCH")),
    ),
    Defect(
        "lost-request-header",
        "a header of the client does not arrive",
        OWNED,
        UPSTREAM,
        ("upstream.header:x-owner missing",),
        _lost("x-owner"),
    ),
    Defect(
        "changed-request-header",
        "the language asked for is another one",
        OWNED,
        UPSTREAM,
        ("upstream.header:accept-language changed",),
        _said("Accept-Language", "en"),
    ),
    Defect(
        "lost-cookie", "cookies do not arrive", OWNED, UPSTREAM, ("upstream.header:cookie missing",), _lost("cookie")
    ),
    Defect(
        "lost-content-type",
        "a body arrives without its type",
        SAVE,
        UPSTREAM,
        ("upstream.body:content type", "upstream.header:content-type missing"),
        _lost("content-type"),
    ),
    Defect(
        "lost-token",
        "the token does not reach the service that checks it",
        CREATE,
        UPSTREAM,
        ("upstream.header:authorization missing",),
        _lost("authorization"),
    ),
    Defect(
        "client-hidden",
        "the service does not learn who the client is",
        SAVE,
        UPSTREAM,
        ("upstream.header:x-forwarded-for missing",),
        _lost("x-forwarded-for"),
    ),
    Defect(
        "client-doubled",
        "the service is told of two clients",
        SAVE,
        UPSTREAM,
        ("upstream.header:x-forwarded-for count",),
        lambda: outgoing(_sent),
    ),
    Defect(
        "wrong-identity",
        "another user is said to call",
        CREATE,
        UPSTREAM,
        ("upstream.header:x-user-id changed",),
        _said("X-User-ID", "0b000000-0000-4000-8000-000000000003"),
    ),
    Defect(
        "wrong-organisation",
        "another organisation is said to call",
        CREATE,
        UPSTREAM,
        ("upstream.header:x-organization-id changed",),
        _said("X-Organization-ID", "0a000000-0000-4000-8000-000000000002"),
    ),
    Defect(
        "key-leaked",
        "a service gets the internal key that it has no business with",
        SAVE,
        UPSTREAM,
        ("upstream.header:x-internal-api-key extra",),
        _said("X-Internal-API-Key", "k" * 32),
    ),
    Defect(
        "debug-header",
        "a header of the gateway's own reaches the service",
        SAVE,
        UPSTREAM,
        ("upstream.header:x-debug extra",),
        _said("X-Debug", "1"),
    ),
)
