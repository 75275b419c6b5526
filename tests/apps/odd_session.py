"""A session that holds what the shipped recording lacks: what some wrong rows show themselves by."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.exchange import Headers, Response
from tests.apps.played import JSON, entry

if TYPE_CHECKING:
    from shadow.recording.recorded import Recorded


def answered(one: Recorded, status: int, headers: Headers, body: bytes) -> Recorded:
    """The exchange with another answer."""
    whole = (*headers, ("content-length", str(len(body))))
    return replace(one, exchange=replace(one.exchange, response=Response(status, whole, body, "OK")))


def odd() -> tuple[Recorded, ...]:
    """Repeated parameters, an encoded slash, a compressed answer, two cookies, redirects by Host and by address."""
    packed = gzip.compress(b'{"notes":["' + b"n" * 200 + b'"]}')
    cookies = (("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/"))
    return (
        entry("GET", "/notes?tag=a&tag=b", number=0),
        entry("GET", "/notes/a%2Fb", number=1),
        answered(entry("GET", "/notes?packed", number=2), 200, (JSON, ("content-encoding", "gzip")), packed),
        answered(entry("GET", "/notes?cookies", number=3), 200, (JSON, *cookies), b"{}"),
        answered(
            entry("GET", "/notes?moved", number=4), 307, (("location", "http://localhost:9101/notes?x=1"),), b""
        ),
        answered(
            entry("GET", "/notes?fixed", number=5), 307, (("location", "http://127.0.0.1:9101/notes?x=1"),), b""
        ),
    )
