"""The recorded dashboard session as exchanges, and every secret in it."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest

from gateway.core.exchange import Exchange, Request, Response, header

HAR = Path(__file__).parents[3] / "shared" / "platform" / "dashboard-session.har"
SERVICES = {8000: "api", 8001: "api", 8080: "compute", 8002: "api", 8003: "api", 3000: "sidecar"}
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KEY = re.compile(r"sk-[A-Za-z0-9]{6,}[A-Za-z0-9-]*")
_EMAIL = re.compile(r"[A-Za-z0-9.]+@[a-z]+\.[a-z]+")
_TOKENS = {"token", "secret_key", "api_key", "access_token", "refresh_token"}
_SECRET_MEMBERS = {"password", "totp_code", "secret"} | _TOKENS
_NO_SECRET = {"000000"}
"""A code that is always wrong, and part of every zero uuid."""
_PROSE_MEMBERS = {"content", "prompt"}


def exchanges() -> list[Exchange]:
    """The recorded exchanges in order; skips the test when the recording is not here."""
    if not HAR.is_file():
        pytest.skip(f"the recording is not at {HAR}")
    with HAR.open() as file:
        entries = json.load(file)["log"]["entries"]
    return [_exchange(number, entry) for number, entry in enumerate(entries)]


def _exchange(number: int, entry: dict[str, Any]) -> Exchange:
    asked, answered = entry["request"], entry["response"]
    url = urlsplit(asked["url"])
    target = url.path + (f"?{url.query}" if url.query else "")
    sent = (asked.get("postData", {}).get("text") or "").encode()
    request = Request(asked["method"], target, _headers(asked), sent, "127.0.0.1")
    text = answered["content"].get("text") or ""
    body = base64.b64decode(text) if answered["content"].get("encoding") == "base64" else text.encode()
    response = Response(answered["status"], _headers(answered), body, answered["statusText"])
    return Exchange(str(number), SERVICES[url.port or 0], request, response, 1.0, 0.1, 0.2)


def _headers(message: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((item["name"], item["value"]) for item in message["headers"])


def secrets(recorded: list[Exchange]) -> set[str]:
    """Every token, key, password, one-time code and secret, e-mail address and prompt of the recording."""
    found: set[str] = set()
    for exchange in recorded:
        assert isinstance(exchange.response, Response)
        request = exchange.request
        texts = [request.body.decode(), exchange.response.body.decode(), request.target]
        texts += [value for _, value in (*request.headers, *exchange.response.headers)]
        for text in texts:
            found.update(match for pattern in (_JWT, _KEY, _EMAIL) for match in pattern.findall(text))
        found.update(value for name, value in parse_qsl(urlsplit(request.target).query) if name == "token")
        found.add((header(request.headers, "authorization") or "").partition(" ")[2])
        for body in (request.body, exchange.response.body):
            found.update(_in_body(body))
    return {secret for secret in found if len(secret) > 3} - _NO_SECRET


def _in_body(body: bytes) -> set[str]:
    lines = [line.removeprefix(b"data: ") for line in body.splitlines()] if body.startswith(b"data: ") else [body]
    found: set[str] = set()
    for line in lines:
        try:
            found |= _members(json.loads(line))
        except ValueError:
            continue
    return found


def _members(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_members, value))
    if not isinstance(value, dict):
        return set()
    found = {
        item
        for name, item in value.items()
        if isinstance(item, str) and (name in _SECRET_MEMBERS or (name in _PROSE_MEMBERS and len(item) > 5))
    }
    return found.union(*map(_members, value.values()))


def spellings(secret: str) -> set[str]:
    """The secret raw, URL-encoded, JSON-escaped, and in base64."""
    data = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(data).decode().rstrip("="),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
    }
