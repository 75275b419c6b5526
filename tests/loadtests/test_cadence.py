from __future__ import annotations

import json

import pytest

from loadtests.cadence import Cadence


def chunk(content: str) -> bytes:
    """One event of a completion stream."""
    return b"data: " + json.dumps({"choices": [{"delta": {"content": content}}]}).encode() + b"\n"


def fed(*lines: tuple[bytes, float]) -> Cadence:
    """What these lines, each at its second, add up to."""
    out = Cadence()
    for line, at in lines:
        out.line(line, at)
    return out


def test_tokens_are_timed_from_the_request() -> None:
    """The first token, the time per further one, and the longest silence between two events."""
    found = fed(
        (chunk(""), 0.1),
        (b"\n", 0.15),
        (chunk("Hel"), 0.2),
        (chunk("lo"), 0.3),
        (b": comment\n", 0.35),
        (chunk("!"), 0.8),
        (b'data: {"choices": [], "usage": {}}\n', 0.9),
        (b"data: [DONE]\n", 1.0),
    )
    assert found.timings == {
        "first_token": pytest.approx(200),
        "time_per_token": pytest.approx(300),
        "longest_gap": pytest.approx(500),
    }
    assert (found.tokens, found.done, found.trouble) == (3, True, "")


@pytest.mark.parametrize(
    ("lines", "trouble"),
    [
        ([chunk("x")], "without [DONE]"),
        ([b'data: {"error": "Upstream Error: 500"}\n'], "Upstream Error: 500"),
        ([b"data: [DONE]\n"], "no token"),
        ([b"data: <html>\n", b"data: [DONE]\n"], "no completion chunk"),
        ([b"data: 3\n", b"data: [DONE]\n"], "no completion chunk"),
    ],
)
def test_a_stream_that_is_no_answer_is_named(lines: list[bytes], trouble: str) -> None:
    """The platform answers 200 before it asks the model, so what went wrong stands in the stream."""
    assert trouble in fed(*((line, 0.1) for line in lines)).trouble


def test_one_token_has_no_time_per_token() -> None:
    """What cannot be measured is not told."""
    assert set(fed((chunk("x"), 0.2)).timings) == {"first_token"}
    assert fed().timings == {}
