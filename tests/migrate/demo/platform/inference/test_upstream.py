"""The deterministic model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.demo.platform.inference.upstream import UpstreamRefusedError, ask, estimated_tokens, last_text


def said(text: str) -> list[dict[str, str]]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


async def events(text: str, *, with_usage: bool = False, patience: float = 1.0) -> list[Any]:
    """The events of a stream, `[DONE]` as text."""
    stream = ask(said(text)).stream(with_usage=with_usage, patience=patience)
    lines = [event.decode().removeprefix("data: ").removesuffix("\n\n") async for event in stream]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_it_repeats_what_it_was_told() -> None:
    """The same words, counted, under the same id each time."""
    reply = ask(said("Hello wörld 👋")).whole()
    assert reply["choices"][0]["message"]["content"] == "You said: Hello wörld 👋"
    assert reply["usage"] == {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    assert reply == ask(said("Hello wörld 👋")).whole()


async def test_a_stream_is_the_answer_in_pieces() -> None:
    """A role, the words, a stop, the usage when asked, and [DONE]."""
    pieces = await events("a b", with_usage=True)
    words = [piece["choices"][0]["delta"].get("content") for piece in pieces[:-2]]
    assert words == ["", "You", " said:", " a", " b", None]
    assert (pieces[-2]["choices"], pieces[-2]["usage"]["completion_tokens"], pieces[-1]) == ([], 4, "[DONE]")


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ("FAIL429", 429, '{"error":{"message":"slow down","type":"rate_limit"}}'),
        ("please FAIL503", 503, '{"error":{"message":"upstream failed","type":"server_error"}}'),
    ],
)
def test_it_fails_when_told(text: str, status: int, body: str) -> None:
    """The status stands in the message; the body is the provider's."""
    with pytest.raises(UpstreamRefusedError) as caught:
        ask(said(text))
    assert (caught.value.status, str(caught.value)) == (status, body)


async def test_a_slow_stream_ends_the_patience_of_its_reader() -> None:
    """Between two pieces at most `patience` seconds pass."""
    with pytest.raises(TimeoutError):
        await events("SLOW5", patience=0.01)


@pytest.mark.parametrize(("text", "tokens"), [("FAIL500", 5), ("seed question 1", 7), ("Hello wörld 👋", 8)])
def test_tokens_are_estimated_as_recorded(text: str, tokens: int) -> None:
    """Letters, numbers, spaces before numbers and other signs, and three more."""
    assert estimated_tokens(text) == tokens


@given(st.text(max_size=30))
def test_the_pieces_are_the_answer(text: str) -> None:
    """Whatever was said, the words of the stream lose nothing but space at the end."""
    try:
        reply = ask(said(text))
    except UpstreamRefusedError:
        return
    assert "".join(reply.words) == reply.text.rstrip()


def test_any_message_has_a_text() -> None:
    """Parts, bare texts and nothing at all are read."""
    assert last_text([]) == ""
    assert last_text(["x"]) == "x"
    assert last_text([{"content": [{"type": "text"}]}]) == '[{"type": "text"}]'
