"""What lenient servers may take a raw path for: other than the gateway, they decode, fold and normalise. Pure."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import normalize
from urllib.parse import unquote

_DOTS = frozenset({".", ".."})
_TIMES = 3
"""Decodings: each proxy or framework on the way may do one."""
# Two bytes for what needs one (RFC 3629 §3 forbids it), as `unquote` leaves them.
_OVERLONG = (("\udcc0\udcaf", "/"), ("\udcc0\udcae", "."), ("\udcc1\udc9c", "\\"))


def folded(path: str) -> str:
    """A path or pattern in the one spelling that readings are looked up in."""
    return path.casefold().rstrip("/") or "/"


@lru_cache(maxsize=4096)
def readings(path: str) -> tuple[str, ...]:
    """Every reading, folded: undecoded as Express matches it, and after each decoding with `;x` and dots resolved.

    Empty when some reading holds a dot segment: then nobody can say where it leads.
    """
    found = {folded(path): None}
    text = path
    for _ in range(_TIMES + 1):
        resolved = _resolved(text)
        if resolved is None:
            return ()
        found[resolved] = None
        decoded = unquote(text, errors="surrogateescape")
        if decoded == text:
            break
        text = decoded
    return tuple(found)


def _resolved(text: str) -> str | None:
    for overlong, meant in _OVERLONG:
        text = text.replace(overlong, meant)
    # Fullwidth forms become what they look like; a NUL, a question mark or a hash ends the path.
    text = (
        normalize("NFKC", text).casefold().replace("\\", "/").partition("\0")[0].partition("?")[0].partition("#")[0]
    )
    segments = [part.partition(";")[0] for part in text.split("/")]
    if not _DOTS.isdisjoint(segments):
        return None
    return "/" + "/".join(plain for segment in segments if (plain := segment.rstrip(". ")))
