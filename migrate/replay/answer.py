"""A recorded answer as bytes: header order, case and duplicates as they were, a stream event by event."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from gateway.core.exchange import header, is_event_stream

if TYPE_CHECKING:
    from gateway.core.exchange import Request, Response

_LOCATIONS = {"location", "content-location"}
_EVENT_END = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")


def under_host(response: Response, recorded: Request, asked: Request) -> Response:
    """The answer as the service gives it to this request: a Location names the host the service was asked under.

    Services build absolute redirects from Host, and the gateway asks under another one than the recorded client.
    """
    before, now = header(recorded.headers, "host"), header(asked.headers, "host")
    if not before or not now:
        return response

    def told(name: str, value: str) -> tuple[str, str]:
        scheme, mark, rest = value.partition("://")
        authority, slash, path = rest.partition("/")
        own = name.lower() in _LOCATIONS and authority == before
        return name, f"{scheme}{mark}{now}{slash}{path}" if own else value

    return replace(response, headers=tuple(told(*pair) for pair in response.headers))


def parts(response: Response, method: str) -> tuple[bytes, list[bytes], bool]:
    """The head, the pieces of the body, and whether the connection stays open after them.

    It closes, without saying so, after every 5xx: platforms do that after an unhandled error, and a gateway that
    reuses such a connection fails the next request.
    """
    head = _head(response)
    if method == "HEAD" or response.status in {204, 304}:
        return head, [], True
    keep = response.status < HTTPStatus.INTERNAL_SERVER_ERROR and not response.truncated
    pieces = (
        [piece for piece in _EVENT_END.split(response.body) if piece]
        if is_event_stream(response.headers)
        else [response.body]
    )
    if "chunked" in (header(response.headers, "transfer-encoding") or "").lower():
        chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
        return head, chunks if response.truncated else [*chunks, b"0\r\n\r\n"], keep
    return head, [piece for piece in pieces if piece], keep and header(response.headers, "content-length") is not None


def _head(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
