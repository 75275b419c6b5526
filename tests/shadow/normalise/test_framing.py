"""Whether length headers are true."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Request, Response
from shadow.normalise.framing import fault

LENGTH = ("Content-Length", "3")


@pytest.mark.parametrize(
    ("method", "response", "wrong"),
    [
        ("GET", Response(200, (), b"abc"), ""),
        ("GET", Response(200, (LENGTH,), b"abc"), ""),
        ("GET", Response(200, (LENGTH,), b"abcd"), "content-length 3 for 4 bytes"),
        ("GET", Response(200, (LENGTH, LENGTH), b"abc"), ""),
        ("GET", Response(200, (LENGTH, ("content-length", "4")), b"abc"), "several content-length headers"),
        (
            "GET",
            Response(200, (LENGTH, ("Transfer-Encoding", "chunked")), b"abc"),
            "content-length beside transfer-encoding",
        ),
        ("HEAD", Response(200, (LENGTH,)), ""),
        ("GET", Response(304, (LENGTH,)), ""),
        ("GET", Response(200, (LENGTH,), b"a", truncated=True), ""),
    ],
)
def test_faults_are_named(method: str, response: Response, wrong: str) -> None:
    """A length that is not the body's, or stands beside chunks, is a fault (RFC 9112 §6.3)."""
    assert fault(Request(method, "/"), response) == wrong
