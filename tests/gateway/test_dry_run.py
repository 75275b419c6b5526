"""Marked copies."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from gateway.answer import Answer
from gateway.core.exchange import Request, header
from gateway.core.mark import DRY_RUN, DRY_RUN_TYPE, MARK_HEADER, READ, UPSTREAM_HEADER, Mark, MarkVerifier, sign
from gateway.core.routes import Effect
from gateway.core.subject import fingerprint
from gateway.dry_run import check_mode, described, dry_run_answer, verified, with_upstream
from gateway.problem import Conflict, NotFound
from tests.apps.table import route

KEY = b"f" * 32
WRITE = route("w", "compute", "POST /a", "POST /b")


def copy(mode: str) -> Request:
    """A marked request."""
    mark = sign(KEY, mode=mode, method="GET", target="/a", body=b"x", now=100.0, client="9.9.9.9")
    return Request("GET", "/a", ((MARK_HEADER, mark),), b"x")


def test_genuine_mark_is_returned() -> None:
    """A fresh mark for this very request tells mode and client."""
    mark = verified(MarkVerifier(KEY), copy(READ), 101.0)
    assert (mark.mode, mark.client) == (READ, "9.9.9.9")


@pytest.mark.parametrize(
    "request_", [copy("other"), Request("GET", "/a"), Request("GET", "/a", ((MARK_HEADER, "x"),))]
)
def test_other_marks_are_nothing(request_: Request) -> None:
    """No mark, garbage and unknown modes are 404."""
    with pytest.raises(NotFound):
        verified(MarkVerifier(KEY), request_, 101.0)


def test_only_writes_are_never_delivered() -> None:
    """A read mark on a write is refused; dry runs and metered reads pass."""
    with pytest.raises(Conflict):
        check_mode(Mark(READ, "n", 0.0), WRITE)
    check_mode(Mark(DRY_RUN, "n", 0.0), WRITE)
    check_mode(Mark(READ, "n", 0.0), route("m", "compute", "POST /a", "POST /b", effect=Effect.METERED))


def test_secrets_become_fingerprints() -> None:
    """Every secret header is told as its fingerprint, whatever its case; the rest as it is."""
    headers = (
        ("AUTHORIZATION", "s"),
        ("Cookie", "s"),
        ("X-Internal-API-Key", "s"),
        ("x-internal-key", "s"),
        ("a", "s"),
    )
    told = described(Request("GET", "/", headers), KEY)
    assert [value for _, value in told.headers] == [fingerprint(KEY, "s")] * 4 + ["s"]


def test_dry_run_tells_the_request() -> None:
    """The document holds the upstream request, the service and the route."""
    request = Request("POST", "/x?a=1", (("a", "b"),), b"\x00\xff")
    answer = dry_run_answer(request, WRITE, KEY)
    assert header(answer.headers, "content-type") == DRY_RUN_TYPE
    assert isinstance(answer.body, bytes)
    document = json.loads(answer.body)
    assert Request.from_json(document["upstream"]) == request
    assert (document["service"], document["route"]) == ("compute", "w")


@pytest.mark.parametrize("size", [4096, 4097])
def test_marked_read_tells_the_request_in_a_header(size: int) -> None:
    """Short bodies are told, long ones as their digest."""
    request = Request("GET", "/x", (), b"x" * size)
    told = header(with_upstream(Answer(200), request, KEY).headers, UPSTREAM_HEADER)
    document = json.loads(base64.b64decode(told or ""))
    if size == 4096:
        assert Request.from_json(document) == request
    else:
        assert (document["body"], document["body_sha256"]) == ("", hashlib.sha256(request.body).hexdigest())
