"""No pair of answers holds a worker longer than the deadline, and a little for reading and redacting them."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest

from gateway.core.exchange import Response
from gateway.core.observation import Verdict
from shadow.observe import observe
from tests.shadow.cases import JSON, pair, setting

SSE = (("content-type", "text/event-stream"),)
FORM = (("content-type", "application/x-www-form-urlencoded"),)
DEADLINE = 1.0
REST = 8.0
"""Seconds for all but comparing, on a busy machine; without a bound these inputs take minutes."""


def text(value: Any) -> bytes:
    """A JSON body."""
    return json.dumps(value).encode()


def rows(change: int) -> Any:
    """Lists of objects without an identity: what DeepDiff is slow at."""
    return [[{"a": i + change, "b": j * (1 + change), "c": [i, j]} for j in range(20)] for i in range(200)]


CASES = {
    "nested deeper than is walked": (JSON, b"[" * 100_000 + b"]" * 100_000, b"[" * 99_999 + b"]" * 99_999),
    "ten thousand items without an identity": (
        JSON,
        text([{"a": n % 7, "b": [n]} for n in range(10_000)]),
        text([{"a": n % 5, "b": [n + 1]} for n in range(10_000)]),
    ),
    "ten thousand items, all changed and turned round": (
        JSON,
        text([{"id": n, "v": 1} for n in range(10_000)]),
        text([{"id": n, "v": 2} for n in range(10_000)][::-1]),
    ),
    "ten thousand equal items": (JSON, text([{"a": 1}] * 10_000), text([{"a": 1}] * 9_999 + [{"a": 2}])),
    "five thousand names, a hundred thousand items": (
        JSON,
        text([{f"n{k}": 0 for k in range(5_000)}] + [{}] * 100_000),
        text([{f"n{k}": 0 for k in range(5_000)}] + [{}] * 100_001),
    ),
    "three thousand names in every item": (
        JSON,
        text([{f"n{k}": k for k in range(3_000)}] * 20),
        text([{f"n{k}": k + 1 for k in range(3_000)}] * 20),
    ),
    "many lists that nothing pairs": (JSON, text(rows(0)), text(rows(1))),
    "a long text": (JSON, text({"a": "x" * 900_000}), text({"a": "x" * 899_999 + "y"})),
    "numbers of four thousand digits": (JSON, text([10**3999] * 200), text([10**3999 + 1] * 200)),
    "a hundred thousand events": (SSE, b"data: 1\n\n" * 100_000, b"data: 2\n\n" * 99_999),
    "one event of a hundred thousand lines": (SSE, b"data: x\n" * 100_000 + b"\n", b"data: y\n" * 100_000 + b"\n"),
    "alternating events": (SSE, b"data: 1\n\ndata: 2\n\n" * 200, b"data: 2\n\ndata: 3\n\n" * 199),
    "a hundred thousand fields": (
        FORM,
        b"&".join(b"a%d=1" % n for n in range(100_000)),
        b"&".join(b"b%d=1" % n for n in range(100_000)),
    ),
    "a bomb": (
        (*JSON, ("content-encoding", "gzip")),
        gzip.compress(b"0" * 15_000_000),
        gzip.compress(b"0" * 15_000_001),
    ),
}


@pytest.mark.proof
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_pair_is_judged_in_time(name: str) -> None:
    """It is a mismatch, or a failure that names the deadline; and what is kept of it is small."""
    head, legacy, gateway = CASES[name]
    started = time.monotonic()
    observed = observe(pair(Response(200, head, legacy), Response(200, head, gateway)), setting(seconds=DEADLINE))
    assert time.monotonic() - started < DEADLINE + REST
    assert observed.verdict is Verdict.MISMATCH or observed.note.startswith("deadline")
    assert observed.verdict is not Verdict.MATCH
    assert len(observed.differences) <= 201
    assert len(json.dumps([observed.legacy, observed.gateway])) < 20_000


def test_beyond_the_deadline_the_verdict_is_failed() -> None:
    """Its note says why, and no difference is kept of half a comparison."""
    _, legacy, gateway = CASES["many lists that nothing pairs"]
    observed = observe(pair(Response(200, JSON, legacy), Response(200, JSON, gateway)), setting(seconds=0.05))
    assert (observed.verdict, observed.differences) == (Verdict.FAILED, ())
    assert observed.note == "deadline: comparing took more than 0.05 s"
