from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from shadow.relay import relay
from tests.apps import candidate
from tests.apps.oddities import Oddities, value
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    import asyncio

    from tests.apps.oddities import Head


async def test_the_answer_passes_byte_for_byte() -> None:
    """Head and body are passed on as they came, and the connection is asked to close."""
    passed: list[bytes] = []
    async with Oddities() as service:
        request = Request("GET", "/items/a%2Fb", (("Host", "h"), ("connection", "keep-alive")))
        assert await relay(("127.0.0.1", service.port), request, passed.append, connect=2, idle=5) == 200
        assert b"X-MiXed-Case: kept\r\nx-multi: one\r\nX-Multi: two" in b"".join(passed)
        assert b"".join(passed).endswith(b'{"target":"/items/a%2Fb"}')
        assert value(service.heads[0], "connection") == "Close".lower()


async def test_no_answer_is_status_0() -> None:
    """A dead address, a reset and bytes that are no HTTP pass nothing off as an answer."""

    async def babbling(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        writer.write(b"what?\r\n\r\n")

    passed: list[bytes] = []
    request = Request("GET", "/")
    assert await relay(("127.0.0.1", free_port()), request, passed.append, connect=2, idle=5) == 0
    async with Oddities() as service:
        for behaviour in (candidate.resetting, babbling):
            service.override = behaviour
            assert await relay(("127.0.0.1", service.port), request, passed.append, connect=2, idle=5) == 0
    assert passed == []


async def test_the_answer_to_head_ends_with_its_head() -> None:
    """HEAD has no body to wait for, whatever its length says."""
    async with Oddities() as service:
        request = Request("HEAD", "/empty")
        assert await relay(("127.0.0.1", service.port), request, lambda _: None, connect=2, idle=5) == 204
