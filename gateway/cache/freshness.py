"""What of an answer may be kept, for how long it is fresh, and when a stale one may still serve. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.cache.directives import directives, moment, seconds
from gateway.core.exchange import header, header_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Headers

OK = 200
_SECRET = re.compile(
    rb'"[^"]{0,64}?(?:token|secret|password|passwd|passphrase|credentials?|private_?key|api_?key|client_?key|ticket|otp'
    rb'|totp|recovery_codes?)"\s*+:\s*+(?!null|""|\[\]|false|true)'
    rb"|eyJ[\w-]{8,}\.[\w-]+\.|(?<![A-Za-z0-9])sk-[A-Za-z0-9]{12,}|-----BEGIN ",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer with what decides its use. `at` is when it came, on a clock that is never set.

    `age` is how old it was then, `lifetime` how old it may become; `varies` holds the request headers it depends on.
    """

    headers: Headers
    body: bytes
    at: float
    age: float
    lifetime: float
    varies: tuple[tuple[str, tuple[str, ...]], ...]
    directives: Mapping[str, str]

    def aged(self, now: float) -> float:
        """Its age in seconds (RFC 9111 §4.2.3)."""
        return self.age + now - self.at

    def left(self, now: float) -> float:
        """Seconds for which it stays fresh; below zero it is stale."""
        return self.lifetime - self.aged(now)

    def fits(self, request: Headers) -> bool:
        """Whether the request carries what the answer depends on (§4.1)."""
        return all(tuple(header_values(request, name)) == values for name, values in self.varies)

    @property
    def conditions(self) -> Headers:
        """The request headers that ask whether it still holds (§4.3.1); none where it names no validator."""
        pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
        return tuple((name, value) for name, source in pairs if (value := header(self.headers, source)) is not None)

    @property
    def size(self) -> int:
        """Bytes that it is counted with."""
        return len(self.body) + sum(len(name) + len(value) + 100 for name, value in self.headers) + 1000


def lifetime(headers: Headers, found: Mapping[str, str], default: float) -> float:
    """Seconds for which an answer is fresh from its making (§4.2.1): what it says, else the route's own default."""
    for name in ("s-maxage", "max-age"):
        said = seconds(found, name)
        if said is not None:
            return said
    if header(headers, "expires") is not None:
        expires, date = moment(headers, "expires"), moment(headers, "date")
        return max(0.0, expires - date) if expires is not None and date is not None else 0.0
    return default


def initial_age(headers: Headers, wall: float) -> float:
    """How old an answer is as it arrives (§4.2.3), by its own Age or by its Date."""
    text = header(headers, "age") or ""
    date = moment(headers, "date")
    told = float(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0.0  # noqa: PLR2004 - digits
    return max(told, wall - date if date is not None else 0.0, 0.0)


def storable(status: int, headers: Headers) -> bool:
    """Whether the head allows keeping (§3). Keeps to a shared cache's rules, although no entry is ever shared."""
    if status != OK or not {"no-store", "private"}.isdisjoint(directives(headers)):
        return False
    if header(headers, "set-cookie") is not None or "*" in ",".join(header_values(headers, "vary")):
        return False
    # What is packed cannot be looked into for secrets.
    return header(headers, "content-encoding") in {None, "identity"}


def holds_secret(body: bytes) -> bool:
    """Whether a body looks as if it held a token, a key or a password: then it is not kept."""
    return _SECRET.search(body) is not None


def kept(headers: Headers, body: bytes, request: Headers, *, default: float, now: float, wall: float) -> Kept | None:
    """The answer as it is kept; None when nothing could ever be served from it."""
    found = directives(headers)
    names = sorted(
        {name.strip().lower() for value in header_values(headers, "vary") for name in value.split(",")} - {""}
    )
    entry = Kept(
        headers,
        body,
        now,
        initial_age(headers, wall),
        lifetime(headers, found, default),
        tuple((name, tuple(header_values(request, name))) for name in names),
        found,
    )
    useful = entry.conditions or (entry.left(now) > 0 and "no-cache" not in found)
    return entry if useful and not holds_secret(body) else None


def usable(entry: Kept, asked: Mapping[str, str], now: float) -> bool:
    """Whether an entry may serve without asking the service (§4, §5.2.1)."""
    if "no-cache" in asked or "no-cache" in entry.directives:
        return False
    most, least = seconds(asked, "max-age"), seconds(asked, "min-fresh")
    if (most is not None and entry.aged(now) > most) or (least is not None and entry.left(now) < least):
        return False
    if entry.left(now) > 0:
        return True
    if "max-stale" not in asked or strict(entry):
        return False
    return not asked["max-stale"] or -entry.left(now) <= (seconds(asked, "max-stale") or 0)


def strict(entry: Kept) -> bool:
    """Whether it must never be used stale (§4.2.4, §5.2.2)."""
    return not {"must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"}.isdisjoint(entry.directives)


def survives_error(entry: Kept, now: float) -> bool:
    """Whether it may stand in for an answer that the service fails to give (RFC 5861 §4)."""
    allowed = seconds(entry.directives, "stale-if-error")
    return allowed is not None and not strict(entry) and -entry.left(now) <= allowed


def refreshed(
    entry: Kept, headers: Headers, request: Headers, *, default: float, now: float, wall: float
) -> Kept | None:
    """The entry after the service said 304: the new head's values replace the old ones (§3.2, §4.3.4)."""
    given = {name.lower() for name, _ in headers} - {"content-length", "content-encoding", "transfer-encoding"}
    merged = (
        *(pair for pair in entry.headers if pair[0].lower() not in given),
        *(pair for pair in headers if pair[0].lower() in given),
    )
    return kept(merged, entry.body, request, default=default, now=now, wall=wall)


def unchanged(headers: Headers, request: Headers) -> bool:
    """Whether the client has an answer with this head already (§4.3.2, RFC 9110 §13.1.2, §13.1.3)."""
    tags = header_values(request, "if-none-match")
    if tags:
        own = (header(headers, "etag") or "").removeprefix("W/")
        wanted = {tag.strip().removeprefix("W/") for value in tags for tag in value.split(",")}
        return bool(own) and (own in wanted or "*" in wanted)
    since, modified = moment(request, "if-modified-since"), moment(headers, "last-modified")
    return since is not None and modified is not None and modified <= since
