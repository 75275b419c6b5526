"""Whose bucket: the verified caller's, else the client address's; in Redis only as a keyed fingerprint."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.caller import Caller

NETWORK = 64
"""Bits of an IPv6 address that one subscriber has for himself (RFC 6177): what lies within is one subject."""
_LONGEST = 128
"""Characters of a subject that are kept in memory; a longer one is kept as its hash."""
_PREFIX = "cutover:limit"


def subject_of(caller: Caller, client: str) -> str:
    """The subject of a bucket: a user, an API key by its fingerprint, or the client address."""
    if not caller.subject:
        return address_subject(client)
    subject = caller.subject if len(caller.subject) <= _LONGEST else _short(caller.subject)
    return ("key " if caller.scheme == "api-key" else "user ") + subject


def _short(subject: str) -> str:
    return hashlib.blake2b(subject.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def address_subject(client: str) -> str:
    """An address as a subject: IPv6 by its /64 network, an IPv4 address the same however it is written."""
    try:
        address = ip_address(client)
    except ValueError:
        return f"address {client}"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return f"network {IPv6Address(int(address) >> NETWORK << NETWORK)}"
        address = address.ipv4_mapped
    return f"address {address}"


class Keys:
    """Names of buckets in Redis. The subject stands in braces, so that a cluster keeps its buckets on one node."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret[:64]
        self.named = lru_cache(maxsize=8192)(self._named)

    def _named(self, key: str) -> str:
        name, _, subject = key.partition(" ")
        digest = hashlib.blake2b(subject.encode("utf-8", "surrogateescape"), key=self._secret, digest_size=16)
        return f"{_PREFIX}:{{{digest.hexdigest()}}}:{name}"


class Accepted:
    """API keys that a service has accepted lately; bounded, the longest unused goes first.

    Only Python's hash of a key is kept. It is no proof of anything: who holds a key that hashes alike gains no more
    than that his own is looked at.
    """

    def __init__(self, capacity: int = 8192) -> None:
        self._capacity = capacity
        self._known: OrderedDict[int, None] = OrderedDict()

    def __contains__(self, credential: str) -> bool:
        return hash(credential) in self._known

    def add(self, credential: str) -> None:
        """Remember a key that was accepted."""
        known = hash(credential)
        self._known[known] = None
        self._known.move_to_end(known)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def discard(self, credential: str) -> None:
        """Forget a key that was refused."""
        self._known.pop(hash(credential), None)
