"""What the gateway tells a service about the caller, after every client spelling of it is gone."""

from __future__ import annotations

import base64
import json
import re
import secrets
from binascii import b2a_base64
from functools import lru_cache
from hashlib import sha256
from itertools import count
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING

from gateway.core.exchange import Request, header
from gateway.core.random_id import random_id
from gateway.downstream import ALGORITHM, HEADER, ISSUER, TYPE, service_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash

    from gateway.caller import Caller
    from gateway.core.exchange import Headers
    from gateway.core.routes import Service

LIFETIME = 30
"""Seconds for which a signed context holds."""
_REMEMBERED = 8192
_LONG = 512
"""Characters of a path beyond which nothing is remembered of it."""
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_BLOCK = 64
"""Bytes that SHA-256 takes in at a time."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def request_id(headers: Headers) -> str:
    """The client's `X-Request-ID` when it is short and printable, else a new one."""
    given = header(headers, "x-request-id")
    return given if given is not None and _SANE_ID.fullmatch(given) else random_id()


class HandOff:
    """States who calls towards a service: identity headers, the internal key, and the signed context.

    `master` is the key from which each service's own is derived; `clock` gives seconds since the epoch.
    """

    def __init__(self, internal_key: str, master: bytes, clock: Callable[[], float]) -> None:
        self._internal = ("X-Internal-API-Key", internal_key)
        self._master = master
        self._clock = clock
        # All but time and number is the same whenever this caller asks for this path.
        self._started = lru_cache(maxsize=_REMEMBERED)(self._start)
        # Unique in all processes at all times; nobody needs to be unable to guess it, since it is signed.
        self._run, self._number = secrets.token_hex(8), count()
        self._second, self._times = -1, b""

    def headers(self, caller: Caller, service: Service, method: str, path: str) -> Headers:
        """What this service is told of the caller of this method and raw path."""
        told = identity_headers(caller)
        if service.internal_key:
            told = (*told, self._internal)
        return (*told, (HEADER, self.signed(caller, service.name, method, path))) if service.context else told

    def signed(self, caller: Caller, service: str, method: str, path: str) -> str:
        """The context as a compact JWS (RFC 7515) that holds for `LIFETIME` seconds and for this request only."""
        return self.finished(self.begun(caller, service, method, path))

    def begun(self, caller: Caller, service: str, method: str, path: str) -> Begun:
        """What of a context is the same each time, for `finished`."""
        return (self._started if len(path) <= _LONG else self._start)(caller, service, method, path)

    def renewed(self, request: Request) -> Request:
        """The same request to be sent once more: a service accepts a context once."""
        headers = [(name, self._again(value) if name == HEADER else value) for name, value in request.headers]
        return Request(request.method, request.target, tuple(headers), request.body, request.client)

    def _again(self, context: str) -> str:
        said: dict[str, object] = json.loads(base64.urlsafe_b64decode(context.split(".")[1] + "=="))
        kept = {name: value for name, value in said.items() if name not in {"iat", "exp", "jti"}}
        return self.finished(self._begun(str(said["aud"]), json.dumps(kept, separators=(",", ":"))[:-1]))

    def _start(self, caller: Caller, service: str, method: str, path: str) -> Begun:
        return self._begun(service, f'{_claims(caller, service, method)},"path":{encode_basestring_ascii(path)}')

    def _begun(self, service: str, claims: str) -> Begun:
        begun = _HEAD + _aligned(claims)
        inner, outer = _keyed(service_key(self._master, service).encode())
        inner.update(begun)
        return Begun(begun, inner, outer)

    def finished(self, begun: Begun) -> str:
        """A context of this moment, with a number of its own."""
        now = int(self._clock())
        if now != begun.second:
            if now != self._second:
                times = f',"iat":{now},"exp":{now + LIFETIME}'
                self._second, self._times = now, _aligned(times, f',"jti":"{self._run}.')
            begun.at(now, self._times)
        rest = _packed(b'%d"}' % next(self._number))
        inner, outer = begun.inner_now.copy(), begun.outer.copy()
        inner.update(rest)
        outer.update(inner.digest())
        # 32 bytes are 43 digits and one sign of padding.
        return (
            begun.text_now + rest + b"." + b2a_base64(outer.digest(), newline=False)[:-1].translate(_URL_SAFE)
        ).decode()


class Begun:
    """The beginning of a context, and how far both of its hashes are; with `..._now`, up to the times of a second."""

    __slots__ = ("inner", "inner_now", "outer", "second", "text", "text_now")

    def __init__(self, text: bytes, inner: _Hash, outer: _Hash) -> None:
        self.text = self.text_now = text
        self.inner = self.inner_now = inner
        self.outer = outer
        self.second = -1

    def at(self, second: int, times: bytes) -> None:
        """Go on to this second, of which `times` tells."""
        self.second = second
        self.text_now = self.text + times
        self.inner_now = self.inner.copy()
        self.inner_now.update(times)


@lru_cache(maxsize=_REMEMBERED)
def identity_headers(caller: Caller) -> Headers:
    """`X-User-ID`, `X-Organization-ID`, `X-User-Role` of a verified user; the organisation of a checked API key."""
    if not caller.verified:
        return ()
    user = caller.subject if caller.scheme != "api-key" else ""
    told = (("X-User-ID", user), ("X-Organization-ID", caller.organisation), ("X-User-Role", ",".join(caller.roles)))
    return tuple(pair for pair in told if pair[1])


@lru_cache(maxsize=_REMEMBERED)
def _claims(caller: Caller, service: str, method: str) -> str:
    claims = {"iss": ISSUER, "aud": service, "scheme": caller.scheme}
    told = {"sub": caller.subject, "org": caller.organisation, "roles": caller.roles} if caller.verified else {}
    known = {name: value for name, value in told.items() if value}
    return json.dumps({**claims, **known, "htm": method}, separators=(",", ":"))[:-1]


def _keyed(key: bytes) -> tuple[_Hash, _Hash]:
    # The two hashes of an HMAC (RFC 2104 §2) with their keys taken in: copies of them cost a third of the library's.
    block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))


def _aligned(text: str, end: str = "") -> bytes:
    # Blanks after a member mean nothing (RFC 8259 §2); at a multiple of three bytes base64 can be cut.
    return _packed((text + " " * (-len(text + end) % 3) + end).encode())


def _packed(data: bytes) -> bytes:
    # base64url without padding (RFC 7515 §2), in half the time that the library's own function takes.
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_URL_SAFE)


_HEAD = _packed(json.dumps({"alg": ALGORITHM, "typ": TYPE}, separators=(",", ":")).encode()) + b"."
