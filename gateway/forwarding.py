"""Which way a request came: what trusted proxies say of it, and how a service is told (RFC 7239). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.exchange import header_values
from gateway.core.recall import recalled
from gateway.core.routes import Forwarding
from gateway.core.trusted import address_of, is_trusted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.core.exchange import Headers

_LONGEST = 32
"""Hops that are read; a longer chain is nobody's network."""
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the token of RFC 9110 §5.6.2
_PAIR = re.compile(rf'[ \t]*({_TOKEN})=(?:({_TOKEN})|"((?:[^"\\]|\\.)*)")[ \t]*')
_HOST = re.compile(r"[A-Za-z0-9._~-]{1,255}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_SCHEMES = frozenset({"http", "https"})
_VIA = ("Via", "1.1 cutover")


@dataclass(frozen=True, slots=True)
class Way:
    """The hops of a request, the client first and the peer last, and the scheme and host the client asked for."""

    hops: tuple[str, ...]
    scheme: str
    host: str
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # It is remembered for each head, and looked up by for each request.
        object.__setattr__(self, "_hash", hash((self.hops, self.scheme, self.host)))

    def __hash__(self) -> int:
        return self._hash

    @property
    def client(self) -> str:
        """The nearest address that no trusted proxy vouches for."""
        return self.hops[0]


@recalled
def way_of(headers: Headers, peer: str, scheme: str, trusted: tuple[str, ...], proxy_header: str) -> Way:
    """The way of a request that `peer` sent over `scheme`.

    Only a trusted peer is believed, only in `proxy_header`, and of its chain only what stands right of the nearest
    stranger: whatever a client writes itself never becomes the first element.
    """
    peer = address_of(peer) or peer or "unknown"
    host = next(iter(header_values(headers, "host")), "")
    if not is_trusted(peer, trusted):
        return Way((peer,), scheme, host)
    # In X-Forwarded-*, scheme and host are one statement about the whole way; in Forwarded, each hop has its own.
    standard = proxy_header == "forwarded"
    seen = {} if standard else _stated(headers)
    said = _forwarded(headers) if standard else ({**seen, "for": node} for node in _nearest_first(headers))
    hops = [peer]
    for element in said:
        address = address_of(element.get("for", ""))
        if address is None or len(hops) > _LONGEST:
            break
        hops.insert(0, address)
        seen = element
        if not is_trusted(address, trusted):
            break
    proto, named = seen.get("proto", "").lower(), seen.get("host", "")
    return Way(tuple(hops), proto if proto in _SCHEMES else scheme, named if _HOST.fullmatch(named) else host)


@lru_cache(maxsize=4096)
def told_of(way: Way, forwarding: Forwarding) -> Headers:
    """The headers that tell a service of the way."""
    headers: list[tuple[str, str]] = []
    if forwarding is not Forwarding.FORWARDED:
        headers += [("X-Forwarded-For", ", ".join(way.hops))]
        headers += [("X-Forwarded-Proto", way.scheme), ("X-Forwarded-Host", way.host)]
    if forwarding is not Forwarding.X_FORWARDED:
        host = way.host.replace("\\", "\\\\").replace('"', '\\"')
        first = f'for={_node(way.client)};host="{host}";proto={way.scheme}'
        headers.append(("Forwarded", ", ".join([first, *(f"for={_node(hop)}" for hop in way.hops[1:])])))
    return (*headers, _VIA)


def _node(address: str) -> str:
    # RFC 7239 §6: an IPv6 address is bracketed and quoted.
    if address_of(address) is None:
        return "unknown"
    return f'"[{address}]"' if ":" in address else address


def _stated(headers: Headers) -> dict[str, str]:
    # Given twice, one of them may be the client's.
    found = {name: header_values(headers, f"x-forwarded-{name}") for name in ("proto", "host")}
    return {name: values[0].strip() for name, values in found.items() if len(values) == 1}


def _nearest_first(headers: Headers) -> Iterator[str]:
    for value in reversed(header_values(headers, "x-forwarded-for")):
        yield from (node for part in reversed(value.split(",")) if (node := part.strip()))


def _forwarded(headers: Headers) -> Iterable[dict[str, str]]:
    """Elements from the nearest on; none when a line cannot be read, since then nobody knows where it was cut."""
    elements: list[dict[str, str]] = []
    for value in header_values(headers, "forwarded"):
        found = _elements(value)
        if found is None:
            return ()
        elements += found
    return reversed(elements)


def _elements(value: str) -> list[dict[str, str]] | None:
    elements, current, position = [], dict[str, str](), 0
    while found := _PAIR.match(value, position):
        name, plain, quoted = found.groups()
        if name.lower() in current:
            return None
        current[name.lower()] = plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted)
        position = found.end()
        after = value[position : position + 1]
        if after != ";":
            elements.append(current)
            current = {}
        if not after:
            return elements
        if after not in {",", ";"}:
            return None
        position += 1
    return None
