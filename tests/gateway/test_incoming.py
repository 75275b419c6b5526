"""Incoming requests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.core.exchange import Request
from gateway.incoming import Body, ClientGone, request_of
from gateway.listen.heads import Heads
from gateway.listen.scope import scope_of
from gateway.problem import BadRequest, TooLarge, TooSlow


def arriving(*messages: dict[str, Any]) -> Any:
    """An ASGI receive over these messages, then a disconnect."""
    queue = list(messages)

    async def receive() -> dict[str, Any]:
        return queue.pop(0) if queue else {"type": "http.disconnect"}

    return receive


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    """One body message."""
    return {"type": "http.request", "body": body, "more_body": more}


CHUNKED = (("transfer-encoding", "chunked"),)


async def test_body_comes_in_pieces_and_ends() -> None:
    """Pieces are handed out as they came, empty ones skipped; after the end nothing is asked for."""
    body = Body(arriving(piece(b"a"), piece(b""), piece(b"b", more=False)), CHUNKED, 10)
    assert not body.taken
    assert [await body.take(), await body.take(), await body.take(), body.taken] == [b"a", b"b", b"", True]


@pytest.mark.parametrize("headers", [(), (("content-length", "0"),)])
async def test_absent_body_is_taken_from_the_start(headers: tuple[tuple[str, str], ...]) -> None:
    """Without a body nothing is received."""
    body = Body(arriving(), headers, 10)
    assert (body.taken, await body.read()) == (True, b"")


async def test_declared_length_over_the_limit_is_refused_unread() -> None:
    """A declared length over the limit is refused before a byte is asked for."""
    body = Body(arriving(), (("content-length", "11"),), 10)
    with pytest.raises(TooLarge):
        await body.read()


async def test_undeclared_length_over_the_limit_is_refused_when_it_shows() -> None:
    """A chunked body is cut at the limit."""
    body = Body(arriving(piece(b"x" * 6), piece(b"x" * 6)), CHUNKED, 10)
    assert await body.take() == b"x" * 6
    with pytest.raises(TooLarge):
        await body.take()


async def test_client_that_leaves_in_the_middle_is_noticed() -> None:
    """A disconnect before the end is ClientGone."""
    body = Body(arriving(piece(b"x")), CHUNKED, 10)
    with pytest.raises(ClientGone):
        await body.read()


@pytest.mark.parametrize(("length", "small"), [("5", True), ("65536", True), ("65537", False)])
def test_small_is_known_and_short(length: str, small: bool) -> None:  # noqa: FBT001 - a table row
    """A body is small when its length is declared and short."""
    assert Body(arriving(), (("content-length", length),), 10).small is small
    assert not Body(arriving(), CHUNKED, 10).small


async def test_gone_waits_until_nobody_takes_from_the_body() -> None:
    """`gone` leaves the body to whoever streams it, then drops the rest until the client leaves."""
    body = Body(arriving(piece(b"a"), piece(b"b")), CHUNKED, 10)
    waiting = asyncio.create_task(body.gone())
    await asyncio.sleep(0)
    assert await body.take() == b"a"
    body.release()
    await waiting


def test_request_head_is_read_raw() -> None:
    """Target and header bytes come as they were on the wire, from the server's note or the ASGI scope."""
    scope = {
        "method": "GET",
        "path": "/a/b",
        "raw_path": b"/a%2Fb",
        "query_string": b"x=%2B",
        "headers": [(b"a", b"\xff")],
        "client": ("1.2.3.4", 5),
    }
    request = request_of(scope)
    assert (request.target, request.headers, request.client) == ("/a%2Fb?x=%2B", (("a", "\xff"),), "1.2.3.4")
    told = request_of({**scope, "state": {"target": b"http://x/a?"}, "client": None})
    assert (told.target, told.client) == ("http://x/a?", "")
    bare = request_of({"path": "/a", "query_string": b"", "headers": []})
    assert (bare.method, bare.target) == ("GET", "/a")


@pytest.mark.parametrize(("cause", "kind"), [("slow", TooSlow), ("malformed", BadRequest), ("", ClientGone)])
async def test_what_ends_a_body_too_early_has_its_answer(cause: str, kind: type[Exception]) -> None:
    """Where the listener says why no more comes, and an answer can still be given, it is 408 or 400 and the end."""
    body = Body(arriving(piece(b"a"), {"type": "http.disconnect", "cause": cause}), CHUNKED, 10)
    await body.take()
    with pytest.raises(kind) as ended:
        await body.take()
    assert isinstance(ended.value, ClientGone) or ended.value.headers == (("connection", "close"),)  # type: ignore[attr-defined]


def test_a_head_that_the_listener_knows_is_taken_as_read() -> None:
    """Texts that the listener has made are not made again; method and address are the request's own."""
    shared = {"type": "http", "client": ("1.2.3.4", 5)}
    scope = {**shared, **scope_of(shared, "1.1", "GET", b"/a?b", [(b"x", b"\xff")])}
    heads = Heads()
    heads.put(b"data", scope)
    known = heads.get(b"data")
    assert known is not None
    again = {**shared, **known.scope, "state": {"target": known.target, "head": known}}
    assert request_of(again) == request_of(scope) == Request("GET", "/a?b", (("x", "\xff"),), b"", "1.2.3.4")
    assert request_of(again).headers is request_of(again).headers
