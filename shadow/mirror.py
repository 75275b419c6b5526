"""Sends one copy down the other path: marked, bounded in time and size, never on the primary's connections."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import httpx

from gateway.core.exchange import Exchange, Failure, Request, Response, header, is_event_stream
from gateway.core.mark import DRY_RUN, DRY_RUN_TYPE, MARK_HEADER, READ, REFUSED_HEADER, UPSTREAM_HEADER, sign
from shadow.forwarded import LOOP, LOOP_HEADER
from shadow.pairing import upstream_request
from shadow.sums import RunningSum
from shadow.wire import to_bytes, to_text

if TYPE_CHECKING:
    from types import TracebackType

    from gateway.core.exchange import Headers

DEADLINE = 10.0
"""Seconds a copy may take as a whole."""
RESPONSE_LIMIT = 2 * 1024 * 1024
"""Bytes of a copy's answer after which nothing more is read: twice what a primary answer may have to be copied."""
_MORE = 1024 * 1024
"""Bytes by which an answer may be longer than the primary's before it is read no further."""
_HOP = {
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "upgrade",
    "transfer-encoding",
    "content-length",
    "expect",
}


@dataclass(frozen=True, slots=True)
class Copied:
    """What came back: the exchange, what the gateway sent upstream, and whether its policy refused."""

    exchange: Exchange
    upstream: Request | None = None
    refused: bool = False


class Mirror:
    """A client with a pool of its own; `key` signs the marks, `internal` is the gateway's internal address.

    With a `candidate`, the base URL of a gateway that is not ours, reads go there instead, without a mark; what it
    answers is taken as it is, whatever headers of ours it may carry.
    """

    def __init__(
        self,
        internal: str,
        key: bytes,
        *,
        candidate: str = "",
        deadline: float = DEADLINE,
        limit: int = RESPONSE_LIMIT,
        pool: int = 8,
    ) -> None:
        self._internal = internal
        self._candidate = candidate
        self._key = key
        self._deadline = deadline
        self._limit = limit
        # Legacy closes kept connections without a word, so none is kept: the copy must not blame it for that.
        limits = httpx.Limits(max_connections=pool, max_keepalive_connections=0)
        self._client = httpx.AsyncClient(limits=limits, timeout=deadline, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def to_gateway(self, primary: Exchange, request: Request, *, dry_run: bool) -> Copied:
        """Send a request in gateway terms to the internal listener, marked as a read or a dry run.

        An answer over the limit is not read on: it comes back without its body, as truncated. Where the primary's
        body was not kept, only a sum is made of a read's, and the limit is a MiB above the primary's length.
        """
        if self._candidate:
            return await self._to_candidate(primary, request, dry_run=dry_run)
        mode = DRY_RUN if dry_run else READ
        mark = sign(
            self._key,
            mode=mode,
            method=request.method,
            target=request.target,
            body=request.body,
            now=time.time(),
            client=request.client,
        )
        marked = replace(request, headers=(*request.headers, (MARK_HEADER, mark)))
        exchange = await self._send(self._internal, primary, marked, None if dry_run else _length_of(primary))
        return _read(replace(exchange, request=request))

    async def _to_candidate(self, primary: Exchange, request: Request, *, dry_run: bool) -> Copied:
        assert not dry_run  # noqa: S101 - it would be executed: the copier sends reads only
        sent = replace(request, headers=(*request.headers, (LOOP_HEADER, LOOP)))
        exchange = await self._send(self._candidate, primary, sent, _length_of(primary))
        return Copied(replace(exchange, request=request))

    async def to_legacy(self, address: str, primary: Exchange, request: Request) -> Exchange:
        """Send a read in legacy terms to the service itself; an answer over the limit comes back as truncated."""
        return await self._send(address, primary, request, _length_of(primary))

    async def _send(self, address: str, primary: Exchange, request: Request, beside: int | None) -> Exchange:
        started = time.monotonic()
        wall = time.time()
        first = 0.0
        answer: Response | Failure
        try:
            async with asyncio.timeout(self._deadline):
                answer, first = await self._exchange(address, request, started, beside)
        except (TimeoutError, httpx.TimeoutException):
            answer = Failure("timeout", f"no complete answer within {self._deadline:g} s")
        except httpx.ConnectError as error:
            answer = Failure("connect", str(error))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            answer = Failure("broken", str(error))
        return Exchange(
            primary.id, primary.service, request, answer, wall, first or time.monotonic() - started,
            time.monotonic() - started,
        )  # fmt: skip

    async def _exchange(
        self, address: str, request: Request, started: float, beside: int | None
    ) -> tuple[Response, float]:
        made = httpx.Request(
            request.method,
            address,
            headers=to_bytes(tuple(pair for pair in request.headers if pair[0].lower() not in _HOP)),
            content=request.body or (b"" if header(request.headers, "content-length") else None),
            extensions={"target": request.target.encode("latin-1"), "timeout": self._client.timeout.as_dict()},
        )
        response = await self._client.send(made, stream=True)
        try:
            first = time.monotonic() - started
            body = _Body(self._limit if beside is None else beside + _MORE, kept=beside is None)
            async for chunk in response.aiter_raw():
                if not body.takes(chunk, time.monotonic() - started):
                    break
        finally:
            await response.aclose()
        headers = to_text(response.headers.raw)
        return body.answer(response.status_code, headers, response.reason_phrase), first


class _Body:
    """What is read of an answer: the bytes themselves, or their sum."""

    def __init__(self, limit: int, *, kept: bool) -> None:
        self._limit = limit
        self._kept = bytearray() if kept else None
        self._sum = RunningSum(limit=limit)
        self._over = False
        self._arrivals: list[tuple[float, int]] = []

    def takes(self, chunk: bytes, at: float) -> bool:
        """Whether it may go on after this piece, which came `at` so many seconds."""
        if self._kept is None:
            self._sum.add(chunk)
            self._over = self._sum.value is None
        else:
            self._kept += chunk
            self._arrivals.append((at, len(self._kept)))
            self._over = len(self._kept) > self._limit
        return not self._over

    def answer(self, status: int, headers: Headers, reason: str) -> Response:
        """The answer with what was read of its body."""
        body = bytes(self._kept or b"") if not self._over else b""
        total = None if self._kept is not None else self._sum.value
        times = tuple(self._arrivals) if is_event_stream(headers) else ()
        return Response(status, headers, body, reason, self._over, total, times)


def _length_of(primary: Exchange) -> int | None:
    """Bytes of the primary's body when it was not kept."""
    response = primary.response
    return response.sum.length if isinstance(response, Response) and response.sum else None


def _read(exchange: Exchange) -> Copied:
    answer = exchange.response
    if isinstance(answer, Failure):
        return Copied(exchange)
    refused = header(answer.headers, REFUSED_HEADER) is not None
    document = header(answer.headers, UPSTREAM_HEADER)
    shown = tuple(pair for pair in answer.headers if pair[0].lower() != UPSTREAM_HEADER.lower())
    exchange = replace(exchange, response=replace(answer, headers=shown))
    try:
        if document is not None:
            return Copied(exchange, upstream_request(json.loads(base64.b64decode(document))), refused)
        if (header(answer.headers, "content-type") or "").startswith(DRY_RUN_TYPE):
            return Copied(exchange, upstream_request(json.loads(answer.body)["upstream"]), refused)
    except (KeyError, TypeError, ValueError) as error:
        return Copied(replace(exchange, response=Failure("broken", f"unreadable upstream document: {error!r}")))
    return Copied(exchange, None, refused)
