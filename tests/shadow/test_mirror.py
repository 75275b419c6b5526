from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.exchange import BodySum, Exchange, Failure, Request, Response, header
from gateway.core.mark import REFUSED_HEADER, UPSTREAM_HEADER, MarkVerifier
from shadow.mirror import Mirror
from tests.apps import candidate
from tests.apps.oddities import Oddities, answer, value
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    import asyncio

    from tests.apps.oddities import Head

KEY = b"m" * 32
TARGET = "/api/v1/items/a%2Fb%20c;v=1?x=1&x=2&t=%2B&e=&f"
HEADERS = (("HOST", "dash:8000"), ("X-b", "1"), ("x-B", "2"), ("Content-Length", "2"), ("Connection", "keep-alive"))
PRIMARY = Exchange("id-1", "svc", Request("POST", "/items"), Response(200))
COPY = Request("POST", TARGET, HEADERS, b"{}", "203.0.113.9")


async def test_a_copy_is_the_request_byte_for_byte_and_marked() -> None:
    """Target, body, header order, case and duplicates arrive unchanged; the mark verifies for just this."""
    async with Oddities() as gateway, Mirror(f"http://{gateway.address}", KEY) as mirror:
        copied = await mirror.to_gateway(PRIMARY, COPY, dry_run=True)
        assert copied.exchange.request == COPY
        assert copied.exchange.id == "id-1"
        method, target, headers = gateway.heads[0]
        assert (method, target, gateway.bodies[0]) == ("POST", TARGET, b"{}")
        assert [pair for pair in headers if pair[0].lower() in {"host", "x-b"}] == list(HEADERS[:3])
        mark = value(gateway.heads[0], "cutover-copy")
        found = MarkVerifier(KEY).verify(mark, method=method, target=target, body=b"{}", now=time.time())
        assert found is not None
        assert (found.mode, found.client) == ("dry-run", "203.0.113.9")
        assert {name.lower() for name, _ in headers} == {"host", "x-b", "content-length", "cutover-copy"}


async def test_of_a_stream_the_times_of_its_pieces_are_kept() -> None:
    """Seconds and bytes as they came; of other answers nobody asks for them."""

    async def streams(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        kind = "text/event-stream" if head[1] == "/events" else "text/plain"
        writer.write(answer("200 OK", b"data: 1\n\n" * 3, ("content-type", kind)))

    async with Oddities() as legacy, Mirror("http://127.0.0.1:1", KEY) as mirror:
        legacy.override = streams
        stream, plain = [
            (await mirror.to_legacy(f"http://{legacy.address}", PRIMARY, Request("GET", target))).response
            for target in ("/events", "/x")
        ]
    assert isinstance(stream, Response)
    assert isinstance(plain, Response)
    assert stream.arrivals[-1][1] == len(stream.body)
    assert sorted(stream.arrivals) == list(stream.arrivals)
    assert plain.arrivals == ()


async def test_a_dry_run_gives_the_upstream_request() -> None:
    """The document of a dry run becomes the request that the gateway would send."""
    async with Oddities() as gateway, Mirror(f"http://{gateway.address}", KEY) as mirror:
        gateway.override = candidate.faithful
        copied = await mirror.to_gateway(PRIMARY, COPY, dry_run=True)
        assert copied.upstream is not None
        assert (copied.upstream.method, copied.upstream.target) == ("POST", TARGET.replace("/api/v1", ""))
        assert copied.upstream.body == b"{}"


async def test_a_read_tells_what_was_sent_upstream_and_who_was_refused() -> None:
    """The upstream header becomes a request and is taken off the answer; a policy refusal is recognised."""
    document = base64.b64encode(json.dumps({"method": "GET", "target": "/x", "headers": []}).encode()).decode()

    async def telling(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        shown = ((UPSTREAM_HEADER, document),) if head[1] == "/x" else ((REFUSED_HEADER, "1"),)
        writer.write(answer("200 OK" if head[1] == "/x" else "403 Forbidden", b"{}", *shown))

    async with Oddities() as gateway, Mirror(f"http://{gateway.address}", KEY) as mirror:
        gateway.override = telling
        copied = await mirror.to_gateway(PRIMARY, Request("GET", "/x"), dry_run=False)
        assert copied.upstream == Request("GET", "/x")
        assert isinstance(copied.exchange.response, Response)
        assert header(copied.exchange.response.headers, UPSTREAM_HEADER) is None
        assert (await mirror.to_gateway(PRIMARY, Request("GET", "/y"), dry_run=False)).refused


@pytest.mark.parametrize(
    ("behaviour", "kind"), [(candidate.silent, "timeout"), (candidate.resetting, "broken"), (None, "connect")]
)
async def test_no_answer_is_a_failure_with_its_kind(behaviour: object, kind: str) -> None:
    """Hanging, resetting and absent gateways are told apart, and none raises."""
    async with Oddities() as gateway:
        gateway.override = behaviour  # type: ignore[assignment]
        port = gateway.port if behaviour else free_port()
        async with Mirror(f"http://127.0.0.1:{port}", KEY, deadline=0.5) as mirror:
            copied = await mirror.to_gateway(PRIMARY, Request("GET", "/x"), dry_run=False)
            assert isinstance(copied.exchange.response, Failure)
            assert copied.exchange.response.kind == kind


async def test_reading_stops_at_the_limit() -> None:
    """An answer beyond the limit comes back without its body, and the rest is never read."""
    async with Oddities() as gateway, Mirror(f"http://{gateway.address}", KEY, limit=100_000) as mirror:
        gateway.override = candidate.flooding
        answer = (await mirror.to_gateway(PRIMARY, Request("GET", "/x"), dry_run=False)).exchange.response
        assert isinstance(answer, Response)
        assert (answer.status, answer.body, answer.truncated) == (200, b"", True)


async def test_an_unreadable_document_is_a_broken_answer() -> None:
    """A gateway that shows rubbish as its upstream request has failed, not matched."""

    async def rubbish(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        writer.write(answer("200 OK", b"{}", (UPSTREAM_HEADER, "%%%")))

    async with Oddities() as gateway, Mirror(f"http://{gateway.address}", KEY) as mirror:
        gateway.override = rubbish
        copied = await mirror.to_gateway(PRIMARY, Request("GET", "/x"), dry_run=False)
        assert isinstance(copied.exchange.response, Failure)


async def test_legacy_is_asked_without_a_mark() -> None:
    """A copy to legacy is the plain request."""
    async with Oddities() as legacy, Mirror("http://127.0.0.1:9", KEY) as mirror:
        exchange = await mirror.to_legacy(f"http://{legacy.address}", PRIMARY, Request("GET", "/items/1%2F?a=%2B"))
        assert isinstance(exchange.response, Response)
        assert exchange.response.status == 200
        assert legacy.deliveries == {"GET /items/1%2F?a=%2B": 1}
        assert value(legacy.heads[0], "cutover-copy") == ""


async def test_beside_a_primary_that_was_not_kept_only_a_sum_is_made() -> None:
    """A large answer is read to its end and summed, on either path; one much longer than legacy's is given up."""
    large = b"x" * 3_000_000
    kept = BodySum(len(large), hashlib.sha256(large).hexdigest())
    primary = replace(PRIMARY, response=Response(200, sum=kept))

    async def flooding(_head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", large))

    async with Oddities() as service, Mirror(f"http://{service.address}", KEY, limit=1000) as mirror:
        service.override = flooding
        copied = (await mirror.to_gateway(primary, COPY, dry_run=False)).exchange
        again = await mirror.to_legacy(f"http://{service.address}", primary, COPY)
        for one in (copied, again):
            assert isinstance(one.response, Response)
            assert (one.response.body, one.response.sum, one.response.truncated) == (b"", kept, False)
        shorter = replace(primary, response=Response(200, sum=replace(kept, length=1_900_000)))
        cut = (await mirror.to_gateway(shorter, COPY, dry_run=False)).exchange.response
        assert isinstance(cut, Response)
        assert (cut.sum, cut.truncated) == (None, True)
        dry = (await mirror.to_gateway(primary, COPY, dry_run=True)).exchange.response
        assert isinstance(dry, Response)
        assert (dry.sum, dry.truncated) == (None, True)


async def test_a_gateway_that_is_not_ours_gets_no_mark() -> None:
    """It is asked without our header, with what tells a loop; headers of ours that it sends mean nothing."""
    async with Oddities() as ours, Oddities() as other:

        async def pretending(head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(answer("200 OK", head[1].encode(), (REFUSED_HEADER, "1"), (UPSTREAM_HEADER, "e30=")))

        other.override = pretending
        async with Mirror(f"http://{ours.address}", KEY, candidate=f"http://{other.address}") as mirror:
            asked = replace(COPY, method="GET", body=b"", headers=HEADERS[:3])
            copied = await mirror.to_gateway(PRIMARY, asked, dry_run=False)
            with pytest.raises(AssertionError):
                await mirror.to_gateway(PRIMARY, asked, dry_run=True)
        assert isinstance(copied.exchange.response, Response)
        assert copied.exchange.response.body == TARGET.encode()
        assert (copied.upstream, copied.refused) == (None, False)
        assert copied.exchange.request == asked
        ((_, target, headers),) = other.heads
        assert target == TARGET
        assert headers == [*HEADERS[:3], ("CDN-Loop", "cutover-shadow")]
        assert not ours.heads
