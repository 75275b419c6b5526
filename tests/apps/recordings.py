"""Small recordings in the styles of browsers and mitmproxy, and where the shipped one stands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.core.exchange import Exchange, Frame, Request, Response
from shadow.recording.recorded import Origin, Recorded

PLATFORM = Path(__file__).parent.parent.parent.parent / "shared" / "platform"


def shipped(name: str) -> Path:
    """A file of the recorded platform, or a skip that says where it is looked for."""
    path = PLATFORM / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def signing_key() -> str:
    """The throw-away key that signs the recording's tokens, as the platform's facts tell it."""
    return _told(r"JWTs are signed with\s+`([^`]+)`")


def internal_key() -> str:
    """The throw-away internal key of the recorded platform, as its facts tell it."""
    return _told(r"internal key is `([^`]+)`")


def _told(pattern: str) -> str:
    facts = shipped("facts.md")
    found = re.search(pattern, facts.read_text())
    if not found:
        pytest.skip(f"{facts} names no such key")
    return found[1]


def har(*entries: dict[str, Any], creator: str = "test") -> bytes:
    """A HAR document with these entries."""
    return json.dumps(
        {"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": list(entries)}}
    ).encode()


def entry(
    url: str = "http://localhost:8000/auth/me",
    *,
    method: str = "GET",
    status: int = 200,
    sent: dict[str, str] | None = None,
    answered: dict[str, str] | None = None,
    text: str | None = '{"ok":true}',
    **more: Any,
) -> dict[str, Any]:
    """One HAR entry with a JSON answer; `more` goes into the entry itself."""
    answered = {"content-type": "application/json", **(answered or {})}
    content: dict[str, Any] = {"size": len(text or ""), "mimeType": answered["content-type"]}
    if text is not None:
        content["text"] = text
    return {
        "startedDateTime": "2026-01-02T03:04:05.500Z",
        "time": 12.5,
        "request": {"method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": pairs(sent or {})},
        "response": {"status": status, "statusText": "OK", "headers": pairs(answered), "content": content},
        "timings": {"send": 1, "wait": 9, "receive": 2.5},
        **more,
    }


def pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    """Headers as HAR writes them."""
    return [{"name": name, "value": value} for name, value in headers.items()]


def netstring(value: object) -> bytes:  # noqa: PLR0911 - one return per type
    """A value as a typed netstring."""
    match value:
        case None:
            return b"0:~"
        case bool():
            return _framed(b"true" if value else b"false", b"!")
        case int():
            return _framed(str(value).encode(), b"#")
        case float():
            return _framed(repr(value).encode(), b"^")
        case str():
            return _framed(value.encode("utf-8", "surrogateescape"), b";")
        case bytes():
            return _framed(value, b",")
        case list() | tuple():
            return _framed(b"".join(map(netstring, value)), b"]")
        case dict():
            return _framed(b"".join(netstring(k) + netstring(v) for k, v in value.items()), b"}")
    raise TypeError(type(value))


def _framed(data: bytes, kind: bytes) -> bytes:
    return str(len(data)).encode() + b":" + data + kind


def flow(**more: Any) -> dict[str, Any]:
    """One HTTP flow as mitmproxy keeps it."""
    return {
        "type": "http",
        "version": 21,
        "request": {
            "method": b"GET",
            "scheme": b"http",
            "host": "localhost",
            "port": 8000,
            "path": b"/auth/me",
            "headers": [[b"Host", b"localhost:8000"]],
            "content": b"",
            "timestamp_start": 100.0,
        },
        "response": {
            "status_code": 200,
            "reason": b"OK",
            "headers": [[b"content-type", b"application/json"], [b"content-length", b"2"]],
            "content": b"{}",
            "timestamp_start": 100.5,
            "timestamp_end": 101.0,
        },
        "client_conn": {"peername": ["127.0.0.9", 5555]},
        "websocket": None,
        "error": None,
        **more,
    }


def recorded(
    method: str = "GET",
    target: str = "/auth/me",
    *,
    number: int = 0,
    port: int = 8000,
    headers: tuple[tuple[str, str], ...] = (),
    status: int = 200,
    body: bytes = b"",
    frames: tuple[Frame, ...] = (),
) -> Recorded:
    """One recorded exchange at a loopback port."""
    request = Request(method, target, (("Host", f"localhost:{port}"), *headers), body)
    exchange = Exchange(f"t-{number}", "", request, Response(status), 100.0 + number, frames=frames)
    return Recorded(number, Origin("http", "localhost", port), exchange)
