"""Single values: from the text in the file to what the table holds, or `Wrong`."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gateway.config.problem import Wrong
from gateway.core.nearest import nearest
from gateway.core.path import PathPattern
from gateway.core.routes import Place, Target, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from enum import StrEnum

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST = 10 * 8760 * 3600.0
"""Seconds; beyond ten years it is a slip of the hand, and no timer."""
_SIZE = re.compile(r"(\d+)\s*(B|KB|MB|GB|KiB|MiB|GiB)")
_BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_NUMERIC = re.compile(r"([^.]*\.)*(\d+|0x[0-9A-Fa-f]*)")
"""A name whose last label is a number is meant as an address (URL standard, §3.5)."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_LEAST_RATE, _MOST_RATE = 1e-6, 1e9
_UNCALLABLE = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:[01][0-9A-Fa-f]|7[Ff])")
_PORTS = 65_535
_USUAL_PORTS = {"http": 80, "https": 443}


def one_of[E: StrEnum](kind: type[E]) -> Callable[[str], E]:
    """A reader of one of an enumeration's values."""
    return lambda text: kind(word(*kind)(text))


def word(*allowed: str) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text in allowed:
            return text
        meant = nearest(text, allowed)
        choices = _either(allowed)
        mend = f"write {meant} (one of {choices})" if meant and len(allowed) > 1 else f"write {choices}"
        raise Wrong(f"{text!r:.40} is not known", mend)

    return read


def filled(text: str) -> str:
    """Any text but an empty one."""
    if not text.strip():
        raise Wrong("is empty", "write a text")
    return text


def switch(text: str) -> bool:
    """True or false."""
    if text in {"true", "false"}:
        return text == "true"
    raise Wrong(f"{text!r:.40} is neither true nor false", "write true or false")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of a whole number within limits."""

    def read(text: str) -> int:
        if re.fullmatch(r"-?\d{1,15}", text) and int(text) >= least and (most is None or int(text) <= most):
            return int(text)
        bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise Wrong(f"{text!r:.40} is not acceptable", f"write a whole number {bounds}")

    return read


def rate(text: str) -> float:
    """A number above zero that a clock can follow."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not _LEAST_RATE <= value <= _MOST_RATE:
        raise Wrong(f"{text!r:.40} is not acceptable", "write a number above 0, like 100")
    return value


def share(text: str) -> float:
    """A share of 0 to 1, also written as a percentage: `10%`."""
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Wrong(f"{text!r:.40} is no share", "write 0 to 1, or 0% to 100%")
    return value


def duration(text: str) -> float:
    """Seconds from `500ms`, `30s`, `5m` or `1h`."""
    found = _DURATION.fullmatch(text)
    if not found or (seconds := float(found[1]) * _SECONDS[found[2]]) <= 0:
        example = f"{text}s" if re.fullmatch(r"\d*[1-9]\d*", text) else "30s"
        raise Wrong(f"{text!r:.40} is no duration", f"write {example} (units: ms, s, m, h)")
    if seconds > _LONGEST:
        raise Wrong(f"{text!r:.40} is too long", f"write {_LONGEST / 3600:g}h or less")
    return seconds


def whole_seconds(text: str) -> int:
    """A duration for a header, in which there are no fractions."""
    seconds = duration(text)
    if seconds != int(seconds):
        raise Wrong(f"{text!r:.40} is a fraction of a second", "write whole seconds, like 600s")
    return int(seconds)


def size(text: str) -> int:
    """Bytes from `50MB` (decimal) or `52MiB` (binary)."""
    found = _SIZE.fullmatch(text)
    if not found or not (count := int(found[1]) * _BYTES[found[2]]):
        raise Wrong(
            f"{text!r:.40} is no size", "write for example 50MB or 52MiB (units: B, KB, MB, GB, KiB, MiB, GiB)"
        )
    return count


def name(text: str) -> str:
    """A name for a route, service, limit class or change."""
    if not _NAME.fullmatch(text):
        raise Wrong(
            f"{text!r:.60} is no name", "write lower-case words joined by '.' or '-', like deployments.create"
        )
    return text


def target(text: str) -> Target:
    """A method and a path: `POST /auth/login`."""
    parts = text.split()
    if len(parts) != 2:  # noqa: PLR2004 - a method and a path
        mend = f"write GET {text}" if text.startswith("/") and len(parts) == 1 else "write METHOD /path"
        raise Wrong(f"{text!r:.80} is no method and path", mend)
    method, path = parts
    if method not in METHODS:
        meant = nearest(method, METHODS)
        raise Wrong(
            f"{text!r:.80} has an unknown method", f"write {meant} {path}" if meant else f"write {_either(METHODS)}"
        )
    try:
        pattern = PathPattern(path)
    except ValueError as error:
        raise Wrong(f"{text!r:.80}: {error}", "write segments and {parameters} like /pools/{id}/nodes") from None
    if "//" in path or not path.isascii() or any(char in path for char in '"<>\\^`|'):
        raise Wrong(
            f"{text!r:.80} holds an empty segment or an unescaped character", "percent-encode it, as on the wire"
        )
    if _UNCALLABLE.search(path) or {".", ".."} & set(unquote(path).split("/")):
        raise Wrong(
            f"{text!r:.80} can never be called", "write no dot segments, control characters or broken escapes"
        )
    return Target(method, pattern)


def place(text: str) -> Place:
    """Where a parameter stands: `path.id`, `query.org_id` or `body.deployment_id`."""
    where, dot, parameter = text.partition(".")
    if not dot or not parameter or where not in {item.value for item in Where}:
        raise Wrong(f"{text!r:.60} is no place", "write path.NAME, query.NAME or body.NAME")
    return Place(Where(where), parameter)


def address(text: str) -> str:
    """`host:port`; port 0 takes a free one."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not port.isascii() or int(port) > _PORTS or not _is_host(host):
        raise Wrong(f"{text!r:.80} is no address", "write host:port, like 127.0.0.1:8800")
    return text


def origin_url(text: str) -> str:
    """A base URL without a path: `http://127.0.0.1:8000`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Wrong(f"{text!r:.80} is no URL", "write http://host:port") from None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not _is_host(host):
        raise Wrong(f"{text!r:.80} is no URL", "write http://host:port or https://host:port")
    if port == 0:
        raise Wrong(f"{text!r:.80} names no port", "write the port that the service listens on")
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2].rstrip(':')}"
    if text != plain:
        raise Wrong(f"{text!r:.80} carries more than an address", f"write {plain}")
    return text


def cors_origin(text: str) -> str:
    """`*`, or an origin as browsers send it (RFC 6454): they are compared letter by letter."""
    if text == "*":
        return text
    parts = urlsplit(origin_url(text))
    sent = text.lower()
    if parts.port == _USUAL_PORTS[parts.scheme]:
        sent = sent.rpartition(":")[0]
    if text != sent:
        raise Wrong(f"{text!r:.80} is not how browsers send it", f"write {sent}")
    return text


def proxies(text: str) -> str:
    """An address or network of trusted proxies."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Wrong(f"{text!r:.60} is no address", "write an IP address or network, like 10.0.0.0/8") from None
    if not found.prefixlen:
        # Whoever is believed says who the client is, and with that whose limit is debited.
        raise Wrong(f"{text!r:.60} is every address there is", "write the network of your proxies")
    return text


def header_name(text: str) -> str:
    """A header field name (RFC 9110 §5.1)."""
    if not _TOKEN.fullmatch(text):
        raise Wrong(f"{text!r:.60} is no header name", "write a name like X-Request-ID")
    return text


def json_path(text: str) -> str:
    """A place in a JSON body: `$`, `$.items`."""
    if not re.fullmatch(r"\$(\.[^.\[\]\s]+|\[\*\])*", text):
        raise Wrong(f"{text!r:.60} is no list path", "write $ for the body itself, or $.member")
    return text


def expanding[T](environment: Mapping[str, str], parse: Callable[[str], T]) -> Callable[[str], T]:
    """The same reader after `${NAME}` and `${NAME:-default}` were filled in."""

    def fill(found: re.Match[str]) -> str:
        value = environment.get(found[1]) or found[2]
        if value is None:
            raise Wrong(f"needs the environment variable {found[1]}", f"set it, or write ${{{found[1]}:-default}}")
        return value

    return lambda text: parse(_VARIABLE.sub(fill, text))


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return bool(_HOST.fullmatch(text)) and (not _NUMERIC.fullmatch(text) or _is_ipv4(text))
    try:
        ipaddress.IPv6Address(text[1:].removesuffix("]"))
    except ValueError:
        return False
    return text.endswith("]")


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
