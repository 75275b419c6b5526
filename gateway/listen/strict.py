"""What the `h2` package lets pass and RFC 9113 does not, or what HTTP/1.1 services would read differently. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Pairs = list[tuple[bytes, bytes]]

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
_HOPS = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade", b"http2-settings"}
)


class Unacceptable(Exception):  # noqa: N818 - said of a request, not a fault
    """A request that must not be passed on."""


def request_of(headers: Pairs, scheme: bytes, *, ended: bool) -> tuple[bytes, bytes, Pairs]:
    """Method, target and headers of a request as HTTP/1.1 would have them.

    `:authority` becomes Host; split cookies are one again (RFC 9113 §8.2.3); a body of unknown length is marked as
    chunked, so that whoever passes it on frames it.

    Raises:
        Unacceptable: it would be read in two ways.
    """
    pseudo: dict[bytes, bytes] = {}
    fields: Pairs = []
    cookies: list[bytes] = []
    for name, value in headers:
        _check(name, value)
        if name.startswith(b":"):
            pseudo[name] = value
        elif name == b"cookie":
            cookies.append(value)
        else:
            fields.append((name, value))
    method = pseudo.get(b":method", b"")
    if not _TOKEN.fullmatch(method) or b":protocol" in pseudo or pseudo.get(b":scheme", scheme) != scheme:
        raise Unacceptable
    if cookies:
        fields.append((b"cookie", b"; ".join(cookies)))
    return method, pseudo.get(b":path", b""), [*_host(pseudo, fields), *fields, *_framing(fields, ended=ended)]


def _check(name: bytes, value: bytes) -> None:
    bare = name.removeprefix(b":")
    if not _TOKEN.fullmatch(bare) or bare != bare.lower() or bare in _HOPS or not _VALUE.fullmatch(value):
        raise Unacceptable
    if name == b"te" and value != b"trailers":
        raise Unacceptable


def _host(pseudo: dict[bytes, bytes], fields: Pairs) -> Pairs:
    hosts = [value for name, value in fields if name == b"host"]
    authority = pseudo.get(b":authority")
    if authority is None:
        return []
    if any(host != authority for host in hosts):
        raise Unacceptable
    fields[:] = [pair for pair in fields if pair[0] != b"host"]
    return [(b"host", authority)]


def _framing(fields: Pairs, *, ended: bool) -> Pairs:
    lengths = [value for name, value in fields if name == b"content-length"]
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        raise Unacceptable
    if ended and lengths not in ([], [b"0"]):
        raise Unacceptable
    return [] if ended or lengths else [(b"transfer-encoding", b"chunked")]
