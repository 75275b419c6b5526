"""From what a file says to what stood on the wire: URLs, headers, bodies."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.core.exchange import header
from shadow.recording.recorded import PORTS, EntryError, Origin

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?([^#]*)", re.DOTALL)
_AUTHORITY = re.compile(r"(?:.*@)?(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]\s\x00-\x1f\x7f]*))(?::(\d{1,5}))?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def split_url(url: str) -> tuple[Origin, str]:
    """Origin and raw target of an absolute URL; the fragment is dropped, what no wire carries is escaped.

    Raises:
        EntryError: not a URL, or a port out of range.
    """
    found = _URL.fullmatch(url.partition("#")[0])
    if not found:
        raise EntryError(f"url {url!r:.80} is not absolute")
    scheme, authority, rest = found[1].lower(), found[2] or "", found[3]
    if scheme not in PORTS:
        return Origin(scheme, "", 0), rest[:80]
    target = rest if rest.startswith("/") else "/" + rest
    return _origin(scheme, authority), quote(target, safe=_ASCII, errors="surrogateescape")


def _origin(scheme: str, authority: str) -> Origin:
    found = _AUTHORITY.fullmatch(authority)
    host = (found[1] or found[2]) if found else ""
    port = int(found[3] or PORTS[scheme]) if found else 0
    if not host or port > 0xFFFF:  # noqa: PLR2004 - the largest port
        raise EntryError(f"url has no usable host: {authority!r:.80}")
    return Origin(scheme, host.lower(), port)


def clean_method(method: str) -> str:
    """The method when it is a token (RFC 9110 §9.1).

    Raises:
        EntryError: it is not, and would break the request line.
    """
    if not _TOKEN.fullmatch(method):
        raise EntryError(f"request.method is {method!r:.40}, no token")
    return method


def clean_headers(pairs: Headers, origin: Origin | None = None) -> Headers:
    """Headers as HTTP/1.1 carries them: HTTP/2 pseudo headers go, Host is made where `origin` is given.

    Raises:
        EntryError: a name is no token, or a value holds a line break or NUL (RFC 9110 §5.5).
    """
    authority = header(pairs, ":authority")
    kept = tuple((name, value.strip(" \t")) for name, value in pairs if not name.startswith(":"))
    for name, value in kept:
        if not _TOKEN.fullmatch(name) or any(char in value for char in "\r\n\0"):
            raise EntryError(f"header {name!r:.40} cannot stand on the wire")
    if origin and header(kept, "host") is None:
        return (("Host", _latin(authority or str(origin))), *kept)
    return kept


def header_text(text: str) -> str:
    """A header value from JSON as core keeps it: latin-1 decoded, so that every byte survives."""
    return _latin(text)


def _latin(text: str) -> str:
    return _encode(text, "utf-8").decode("latin-1")


def decode_base64(text: str) -> bytes:
    """Bytes of a base64 text, line breaks allowed.

    Raises:
        EntryError: not base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise EntryError("a body says it is base64 and is not") from None


def body_bytes(text: str, content_type: str, length: str | None) -> bytes:
    """The bytes a body text stood for: the charset that gives the announced length, else the declared one.

    A HAR holds decoded text, and tools disagree with which charset they decode an undeclared one.
    """
    named = _CHARSET.search(content_type)
    candidates = [_encode(text, charset) for charset in (named[1] if named else "utf-8", "utf-8", "latin-1")]
    return next((body for body in candidates if str(len(body)) == length), candidates[0])


def _encode(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset, "surrogateescape")
    except (UnicodeError, LookupError):
        return text.encode("utf-8", "replace")


def fit_length(headers: Headers, body: bytes, *, decoded: bool) -> tuple[Headers, tuple[str, ...]]:
    """Headers that describe these very body bytes, and notes on what was changed.

    `decoded` means the file holds the content with its content coding removed.
    """
    notes: list[str] = []
    coding = header(headers, "content-encoding")
    if decoded and coding and coding.strip().lower() != "identity":
        headers = tuple(pair for pair in headers if pair[0].lower() != "content-encoding")
        notes.append(f"body was {coding[:40]}, recorded decoded")
    length = header(headers, "content-length")
    if length is not None and length.strip() != str(len(body)):
        headers = tuple(
            (name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers
        )
        if not notes:
            notes.append(f"content-length was {length[:20]}, {len(body)} bytes recorded")
    return headers, tuple(notes)
