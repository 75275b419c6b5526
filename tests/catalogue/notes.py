"""A service with what the stand-in platform lacks: cookies, caching, redirects, packed, binary, made-up answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import jwt

from gateway.config.shadowing import like
from gateway.core.routes import Access, Authorization, Kind, Service, ShadowPolicy
from tests.apps.oddities import answer, value
from tests.apps.table import route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.core.routes import Route
    from tests.apps.oddities import Head

JSON = ("content-type", "application/json")
PAUSE = 0.15
"""Seconds between two events of the feed."""
NOTES = [
    {
        "id": 1,
        "title": "café ☕",
        "at": "2026-11-22T18:33:20+00:00",
        "score": 0.30000000000000004,
        "big": 9007199254740993,
    },
    {"id": 2, "title": "naïve", "at": "2026-11-22T18:33:21+00:00", "score": 2.5, "big": 1},
    {"id": 3, "title": "plain", "at": "2026-11-22T18:33:22+00:00", "score": 1e2, "big": 2},
]
WORDS = (
    "Every answer of a model is another one, and as long as it likes to be.",
    "No two are alike, and none is short.",
)


def _read(name: str, path: str, *, kind: Kind = Kind.HTTP, **meanings: str) -> Route:
    policy = ShadowPolicy(compare={key.replace("__", "[*]."): like(text) for key, text in meanings.items()})
    return route(
        f"notes.{name}",
        "notes",
        f"GET {path}",
        f"GET /api/v1/odd{path}",
        access=Access.PUBLIC,
        kind=kind,
        shadow=policy,
    )


ROUTES = (
    _read("list", "/notes"),
    _read("get", "/notes/{id}"),
    _read("moved", "/moved"),
    _read("packed", "/packed"),
    _read("blob", "/blob"),
    _read("text", "/text"),
    _read("empty", "/empty"),
    _read("feed", "/feed", kind=Kind.SSE),
    _read("fault", "/fault"),
    _read("clock", "/clock", **{"$.now": "timestamp 5s", "$.next": "timestamp 5s"}),
    _read("made", "/made", **{"$[*].id": "uuid", "$[*].parent": "uuid"}),
    _read("session", "/session", **{"$.token": "jwt"}),
    _read("links", "/links", **{"$.self": "url"}),
    _read("gauge", "/gauge", **{"$.load": "number 5%"}),
    _read("said", "/said", kind=Kind.SSE, **{"$.delta.content": "text", "$.id": "uuid"}),
    _read("rows", "/rows"),
    _read("count", "/count"),
    _read("level", "/level"),
    route("notes.save", "notes", "POST /notes", "POST /api/v1/odd/notes", access=Access.PUBLIC),
    route("notes.upload", "notes", "POST /upload", "POST /api/v1/odd/upload", access=Access.PUBLIC),
    route("notes.search", "notes", "POST /search", "POST /api/v1/odd/search", access=Access.PUBLIC),
)


def service(address: str) -> Service:
    """The service at this address (`host:port`)."""
    url = f"http://{address}"
    return Service("notes", url, url, Authorization.FORWARD, "127.0.0.1:0", internal_key=False, context=False)


class Notes:
    """The answers; what is asked how often decides what changes between two answers."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def forget(self) -> None:
        """Begin anew."""
        self.asked.clear()

    async def __call__(self, head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one request; for `Oddities.override`."""
        path, _, query = head[1].partition("?")
        self.asked[path] += 1
        if path in {"/feed", "/said"}:
            await self._stream(path, writer)
        elif path in _MADE:
            writer.write(_json(_MADE[path](self.asked[path])))
        else:
            writer.write(_plain(path, query, head))

    async def _stream(self, path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        documents = [{"n": number} for number in range(5)] if path == "/feed" else _said(self.asked[path])
        for text in [*(json.dumps(one) for one in documents), "[DONE]"]:
            event = f"data: {text}\n\n".encode()
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(PAUSE if path == "/feed" else 0)
        writer.write(b"0\r\n\r\n")


def _said(times: int) -> list[dict[str, Any]]:
    identity = str(uuid.uuid4())
    pieces = WORDS[times % 2].split(" ")
    return [{"id": identity, "delta": {"content": piece + " "}} for piece in pieces]


def _clock(_times: int) -> dict[str, Any]:
    now = time.time()
    spelled = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return {"now": f"{spelled}.{int(now % 1 * 1e6):06d}Z", "next": now + 60}


def _made(_times: int) -> list[dict[str, Any]]:
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    return [{"id": first, "parent": None, "name": "root"}, {"id": second, "parent": first, "name": "leaf"}]


def _session(times: int) -> dict[str, Any]:
    issued = int(time.time()) + times
    return {"token": jwt.encode({"sub": "u", "iat": issued, "exp": issued + 1800}, "k" * 32)}


_MADE: Mapping[str, Callable[[int], Any]] = {
    "/clock": _clock,
    "/made": _made,
    "/session": _session,
    "/gauge": lambda times: {"load": 1.0 + times / 100},
    # Heap order: a row that was updated after the first read stands last from then on.
    "/rows": lambda times: NOTES if times == 1 else [*NOTES[1:], NOTES[0]],
    "/level": lambda times: {"level": int(times > 2)},
    "/count": lambda times: {"open": 3 if times == 1 else 4},
    "/links": lambda _times: {"self": "http://notes.internal:9000/notes/1?full=1"},
}


def _json(document: Any, *headers: tuple[str, str]) -> bytes:
    return answer("200 OK", json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), JSON, *headers)


def _plain(path: str, query: str, head: Head) -> bytes:
    if path == "/notes":
        return _listed(query, value(head, "origin"))
    if path == "/moved":
        return answer("307 Temporary Redirect", b"", ("location", f"http://{value(head, 'host')}/notes?moved=1"))
    if path.startswith("/notes/"):
        return _json({"id": path.removeprefix("/notes/"), "owner": value(head, "x-owner")})
    return _FIXED.get(path, answer("404 Not Found", b'{"detail":"Not Found"}', JSON))


def _listed(query: str, origin: str) -> bytes:
    asked = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    first = int(asked.get("skip", 0))
    listed = NOTES[first : first + int(asked.get("limit", 10))]
    cors = (("access-control-allow-origin", origin), ("access-control-allow-credentials", "true"), ("vary", "Origin"))
    kept = (("etag", '"v1"'), ("cache-control", "private, max-age=60"), ("x-total-count", "3"))
    cookies = (
        ("set-cookie", "sid=abc123; Path=/notes; HttpOnly; SameSite=Strict"),
        ("set-cookie", "theme=dark; Path=/"),
    )
    return _json(listed, *kept, *cookies, *(cors if origin else ()))


_FIXED: Mapping[str, bytes] = {
    "/packed": answer(
        "200 OK", gzip.compress(json.dumps(NOTES).encode(), mtime=0), JSON, ("content-encoding", "gzip")
    ),
    "/blob": answer("200 OK", bytes(range(256)) * 4, ("content-type", "application/octet-stream")),
    "/text": answer("200 OK", "café ☕".encode(), ("content-type", "text/plain; charset=utf-8")),
    "/empty": b"HTTP/1.1 204 No Content\r\nserver: uvicorn\r\ncontent-type: application/json\r\n\r\n",
    "/fault": answer("500 Internal Server Error", b'{"error":"internal_server_error"}', JSON),
}
