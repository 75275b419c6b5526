"""What was found to be secret in one pair, so that its echoes elsewhere in the pair are taken out too."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
_SHORTEST = 4
_WORDS = frozenset({"true", "false", "null", "none", "bearer", "basic", "member", "admin"})
_MOST = 500


class Seen:
    """Secrets of one pair in every spelling they may be echoed in: raw, URL-encoded, JSON-escaped, base64."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}

    def add(self, secret: str, shortest: int = _SHORTEST) -> None:
        """Remember a secret; texts too short to tell from ordinary words are left out."""
        if len(secret) >= shortest and secret.lower() not in _WORDS and len(self._secrets) < _MOST:
            self._secrets[secret] = None

    def scrub(self, value: Any, shortest: int = 0) -> Any:
        """A JSON value without the secrets of at least `shortest` characters, in its texts and member names."""
        forms = self._forms(shortest)
        return _scrubbed(value, forms) if forms else value

    def _forms(self, shortest: int) -> list[str]:
        found: dict[str, None] = {}
        for secret in self._secrets:
            if len(secret) >= shortest:
                found.update(dict.fromkeys(_spellings(secret)))
        return sorted(found, key=len, reverse=True)


def _scrubbed(value: Any, forms: list[str]) -> Any:
    match value:
        case str():
            for form in forms:
                if form in value:
                    value = value.replace(form, REDACTED)
            return value
        case dict():
            return {_scrubbed(key, forms): _scrubbed(item, forms) for key, item in value.items()}
        case list():
            return [_scrubbed(item, forms) for item in value]
        case _:
            return value


def _spellings(secret: str) -> list[str]:
    data = secret.encode("utf-8", "surrogateescape")
    return [
        secret,
        quote(data, safe=""),
        quote_plus(data),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(data).decode().rstrip("="),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        data.hex(),
    ]
