"""The deterministic model behind every deployment: it repeats what it was told.

A last message with `FAIL<status>` in it fails with that status; `SLOW<seconds>` waits before every piece.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_MODEL = "fake-1"
_FAIL = re.compile(r"FAIL(\d{3})")
_SLOW = re.compile(r"SLOW(\d+(?:\.\d+)?)")
_TOKENS = re.compile(r"[A-Za-z]+| (?=\d)|\d+|[^\sA-Za-z\d]")
_CREATED = 1700000000
_REASONS = {429: ("slow down", "rate_limit")}
PIECE_SECONDS = 0.005
"""Between two pieces of a stream, so that a reader sees them one by one."""


class UpstreamRefusedError(Exception):
    """The model answered with an error status."""

    def __init__(self, status: int) -> None:
        message, kind = _REASONS.get(status, ("upstream failed", "server_error"))
        super().__init__(json.dumps({"error": {"message": message, "type": kind}}, separators=(",", ":")))
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of the model."""

    identity: str
    prompt: str
    pause: float

    @property
    def text(self) -> str:
        """What the model says."""
        return f"You said: {self.prompt}"

    @property
    def words(self) -> list[str]:
        """The pieces a stream is cut into; the space stands before its word."""
        return re.findall(r"\s*\S+", self.text)

    @property
    def usage(self) -> dict[str, int]:
        """Token counts: one per word."""
        prompt, completion = len(self.prompt.split()), len(self.words)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    @property
    def estimate(self) -> dict[str, int]:
        """What inference counts for a stream that ends without usage."""
        prompt, completion = estimated_tokens(self.prompt), len(self.words) + 4
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def whole(self) -> dict[str, Any]:
        """The answer of a request that is not streamed."""
        message = {"role": "assistant", "content": self.text}
        return {
            "id": self.identity,
            "created": _CREATED,
            "model": _MODEL,
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": self.usage,
        }

    async def stream(self, *, with_usage: bool, patience: float) -> AsyncIterator[bytes]:
        """The answer as server-sent events, `[DONE]` last.

        Raises:
            TimeoutError: a piece takes longer than `patience` seconds.
        """
        yield self._event({"role": "assistant", "content": ""})
        for word in self.words:
            await asyncio.sleep(min(self.pause, patience))
            if self.pause > patience:
                raise TimeoutError
            yield self._event({"content": word})
        yield self._event({}, "stop")
        if with_usage:
            yield _event(self._chunk([]) | {"usage": self.usage})
        yield b"data: [DONE]\n\n"

    def _event(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        return _event(self._chunk([{"index": 0, "delta": delta, "finish_reason": finish}]))

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": self.identity, "created": _CREATED, "model": _MODEL, "object": "chat.completion.chunk"}
        return head | {"choices": choices}


def _event(value: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def ask(messages: list[Any]) -> Reply:
    """The model's answer to a conversation.

    Raises:
        UpstreamRefusedError: the last message asks for a failure.
    """
    text = last_text(messages)
    if failing := _FAIL.search(text):
        raise UpstreamRefusedError(int(failing[1]))
    slow = _SLOW.search(text)
    identity = "chatcmpl-" + hashlib.sha256(text.encode()).hexdigest()[:24]
    return Reply(identity, text, float(slow[1]) if slow else PIECE_SECONDS)


def estimated_tokens(text: str) -> int:
    """What inference takes a prompt for when the model names no usage: its own crude tokens and three more."""
    return 3 + len(_TOKENS.findall(text))


def last_text(messages: list[Any]) -> str:
    """The text of the last message, whatever shape it has."""
    last = messages[-1] if messages else ""
    content = last.get("content", "") if isinstance(last, dict) else last
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
