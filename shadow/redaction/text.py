"""Secrets found by their look, wherever they stand: tokens, keys, e-mail addresses, one-time secrets."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.core.subject import fingerprint
from shadow.redaction.names import Treatment, treatment

if TYPE_CHECKING:
    from collections.abc import Callable

DROPPED = "[dropped]"

_SUSPECT = re.compile(
    r"[@%\\]|eyJ|sk-|[A-Za-z0-9+/_-]{16,}|(?i:password|passwd|pwd|secret|token|key|bearer|basic|data:|otp|code|cookie|session)"
)
_DATA_URI = re.compile(r"data:[\w/+.-]*;base64,[A-Za-z0-9+/=_-]*", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*-----|\Z)", re.DOTALL)
_USERINFO = re.compile(r"(://[^\s/:@\"'<>]*:)([^\s/\"'<>]+)(?=@)")
_ELEMENT = re.compile(r"(<([A-Za-z_][\w:.-]{0,40})(?:\s[^<>]*)?>)([^<>]+)(?=</)")
_OTPAUTH = re.compile(r"otpauth:[^\s\"'<>]*", re.IGNORECASE)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*")
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|pk|rk|nos|ghp|gho|glpat|hf|xox[abpr])[-_][A-Za-z0-9_-]{5,}|AKIA[0-9A-Z]{12,}"
)
_SCHEME = re.compile(r"\b(bearer|basic)([ :]+)([A-Za-z0-9._~+/=-]{6,})", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.%+'-])[\w.%+'-]+@[^\W_][\w-]*(?:\.[\w-]+)+")
_NAMED = re.compile(
    r"(?<![\w.])([A-Za-z_][\w.-]{1,40})([\"']?\s{0,3}[=:]\s{0,3})(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"'&,;{}<>\[\]()]+)"
)
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_LONG = re.compile(r"[A-Za-z0-9_-]{24,}")
_PIECE = re.compile(r"[a-z0-9]{1,14}|[A-Z]{1,14}|[A-Z][a-z]{1,13}")
_ESCAPE = re.compile(r"\\u00([0-7][0-9a-fA-F])")
_PRINTABLE = 0.9
_DEEPEST = 20
"""Names within values within names that are looked through; what lies deeper is taken for one secret."""


def clean(text: str, key: bytes, note: Callable[[str], None] | None = None) -> str:
    """The text without anything that looks like a secret; `note` is told each secret that was replaced.

    Tokens and keys become fingerprints, passwords and one-time secrets are dropped, e-mail addresses become
    `[email fp:…]`. Percent-encoded, JSON-escaped and base64 forms are seen through.
    """
    if not _SUSPECT.search(text):
        return text
    plain = _unescaped(text)
    if plain != text:
        cleaned = _Cleaner(key, note).run(plain)
        if cleaned != plain:
            return cleaned
    return _Cleaner(key, note).run(text)


def is_fingerprint(text: str) -> bool:
    """Whether the text is a fingerprint already."""
    return text.startswith("fp:") and re.fullmatch(r"fp:[0-9a-f]{16}", text) is not None


def _unescaped(text: str) -> str:
    for _ in range(3):
        before = text
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), unquote(text) if "%" in text else text)
        if text == before:
            break
    return text


class _Cleaner:
    def __init__(self, key: bytes, note: Callable[[str], None] | None, *, deep: bool = True) -> None:
        self._key = key
        self._note = note
        self._deep = deep
        self._depth = 0

    def run(self, text: str) -> str:
        text = _PRIVATE_KEY.sub(lambda found: self._dropped(found[0]), text)
        text = _DATA_URI.sub(lambda found: self._dropped(found[0]), text)
        text = _OTPAUTH.sub(lambda found: self._dropped(found[0]), text)
        text = _JWT.sub(lambda found: self._fingerprint(found[0]), text)
        text = _KEY.sub(lambda found: self._fingerprint(found[0]), text)
        text = _SCHEME.sub(self._credential, text)
        text = _USERINFO.sub(lambda found: found[1] + self._dropped(found[2]), text)
        text = _ELEMENT.sub(self._element, text)
        text = _EMAIL.sub(self._email, text)
        text = _NAMED.sub(self._named, text)
        text = _BASE32.sub(lambda found: self._dropped(found[0]), text)
        if self._deep:
            text = _BASE64.sub(self._base64, text)
        return _LONG.sub(self._long, text)

    def _dropped(self, secret: str) -> str:
        self._tell(secret)
        return DROPPED

    def _fingerprint(self, secret: str) -> str:
        self._tell(secret)
        return fingerprint(self._key, secret)

    def _tell(self, secret: str) -> None:
        if self._note is not None:
            self._note(secret)

    def _credential(self, found: re.Match[str]) -> str:
        # "Bearer authentication" is prose; a credential of lower-case letters only is not one we know.
        if re.fullmatch(r"[a-z]+[.]?", found[3]):
            return found[0]
        return found[1] + found[2] + self._fingerprint(found[3])

    def _email(self, found: re.Match[str]) -> str:
        self._tell(found[0])
        return f"[email {fingerprint(self._key, found[0].lower())}]"

    def _named(self, found: re.Match[str]) -> str:
        how, value = treatment(found[1]), found[3].strip("\"'")
        if how < Treatment.FINGERPRINT:
            # In `error: token=abc` the harmless name's value holds the other.
            return found[1] + found[2] + self._inner(found[3])
        if not value or is_fingerprint(value) or value.startswith(("[", "fp:")):
            return found[0]
        if value.lower() in {"null", "none", "true", "false", "required", "bearer", "invalid", "missing"}:
            return found[0]
        return found[1] + found[2] + self._by_name(how, value)

    def _inner(self, value: str) -> str:
        if not _NAMED.search(value):
            return value
        if self._depth >= _DEEPEST:
            return self._fingerprint(value)
        self._depth += 1
        try:
            return _NAMED.sub(self._named, value)
        finally:
            self._depth -= 1

    def _element(self, found: re.Match[str]) -> str:
        return found[1] + self._by_name(treatment(found[2]), found[3])

    def _by_name(self, how: Treatment, value: str) -> str:
        if how < Treatment.FINGERPRINT:
            return value
        return self._dropped(value) if how is Treatment.DROP else self._fingerprint(value)

    def _base64(self, found: re.Match[str]) -> str:
        for text in _decodings(found[0]):
            if _Cleaner(self._key, self._note, deep=False).run(text) != text:
                return self._fingerprint(found[0])
        return found[0]

    def _long(self, found: re.Match[str]) -> str:
        if all(_PIECE.fullmatch(piece) or not piece for piece in re.split("[-_]", found[0])):
            return found[0]
        return self._fingerprint(found[0])


def _decodings(text: str) -> list[str]:
    plain = text.rstrip("=")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_" if set("-_") & set(plain) else None)
    except (binascii.Error, ValueError):
        return []
    decoded = data.decode("utf-8", "replace")
    readable = sum(char.isprintable() and char != "\ufffd" for char in decoded)
    return [decoded] if decoded and readable >= _PRINTABLE * len(decoded) else []
