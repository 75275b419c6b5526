"""The ASGI middleware with which a service accepts only what the Cutover gateway hands on. PyJWT is all it needs.

Copy this file into the service. `python -m gateway.downstream KEYFILE SERVICE` prints a service's key.
"""

from __future__ import annotations

import hmac
import json
import os
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADER = "Cutover-Context"
ISSUER = "cutover"
ALGORITHM = "HS256"
TYPE = "cutover-context+jwt"
"""The `typ` of a context, so that no other token signed with the same key passes for one (RFC 8725 §3.11)."""
KEY_VARIABLE = "CUTOVER_CONTEXT_KEY"
STATE = "cutover"
"""Where `scope["state"]` holds the `Verified` caller; with Starlette: `request.state.cutover`."""
_SHORTEST = 32
_LONGEST = 16_384
_TOLD = {b"x-user-id", b"x-organization-id", b"x-user-role", HEADER.lower().encode()}
_OPTIONS: Any = {
    "require": ["iss", "aud", "iat", "exp", "jti", "htm", "path"],
    # The clock is an argument, so the library checks no time.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


def service_key(master: bytes, service: str) -> str:
    """The key with which contexts for one service are signed: HKDF-SHA-256 (RFC 5869) of the gateway's, in hex."""
    extracted = hmac.digest(b"cutover", master, "sha256")
    return hmac.digest(extracted, f"context:{service}".encode() + b"\x01", "sha256").hex()


@dataclass(frozen=True)
class Verified:
    """What the gateway has verified: `scheme` is anonymous, jwt, api-key or ticket; empty texts are unknown."""

    scheme: str
    subject: str
    organisation: str
    roles: tuple[str, ...]


class Refused(Exception):  # noqa: N818 - an answer rather than a fault
    """A request that the gateway has not handed on; the reason is a short word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Replays:
    """Remembers contexts until they expire, `capacity` at most; when full nothing is new any more."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[str, float] = OrderedDict()

    def first_time(self, identifier: str, until: float, now: float) -> bool:
        """Whether this was never seen; from now on it was."""
        while self._seen and next(iter(self._seen.values())) <= now:
            self._seen.popitem(last=False)
        if identifier in self._seen or len(self._seen) >= self._capacity:
            return False
        self._seen[identifier] = until
        return True


class Downstream:
    """Accepts only requests with a valid context; anything else is 401 problem+json, or a refused handshake.

    `service` is the service's name in the gateway's table. `keys` are its keys, several while one is replaced.
    `exempt` are raw paths that GET and HEAD reach without a context, with all identity headers taken out. `leeway` is
    how many seconds the two clocks may differ; `lifetime` is the longest a context may live.

    Raises:
        ValueError: no key, one shorter than 32 characters, or no service.
    """

    def __init__(
        self,
        app: App,
        *,
        service: str,
        keys: str | Iterable[str],
        exempt: Iterable[str] = ("/health",),
        leeway: float = 1.0,
        lifetime: float = 60.0,
        capacity: int = 262_144,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._service = service
        self._keys = (keys,) if isinstance(keys, str) else tuple(keys)
        self._exempt = frozenset(path.encode() for path in exempt)
        self._leeway = leeway
        self._lifetime = lifetime
        self._replays = Replays(capacity)
        self._clock = clock
        if not service or not self._keys or any(len(key) < _SHORTEST for key in self._keys):
            raise ValueError("Downstream needs the service's name and keys of at least 32 characters")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            inner = self._admitted(scope)
        except Refused as refusal:
            await _refuse(refusal.reason, scope, receive, send)
        else:
            await self._app(inner, receive, send)

    def _admitted(self, scope: Message) -> Message:
        headers = [pair for pair in scope["headers"] if _plain(pair[0]) not in _TOLD]
        method = scope.get("method", "GET")
        if method in {"GET", "HEAD"} and scope["type"] == "http" and scope.get("raw_path") in self._exempt:
            return {**scope, "headers": headers}
        caller = self._verified(scope, method)
        told = ((b"x-user-id", caller.subject), (b"x-organization-id", caller.organisation))
        known = [(name, value.encode()) for name, value in (*told, (b"x-user-role", ",".join(caller.roles))) if value]
        return {**scope, "headers": headers + known, "state": {**scope.get("state", {}), STATE: caller}}

    def _verified(self, scope: Message, method: str) -> Verified:
        given = [value for name, value in scope["headers"] if name.lower() == HEADER.lower().encode()]
        if not given:
            raise Refused("missing")
        if len(given) > 1 or len(given[0]) > _LONGEST:
            raise Refused("malformed")
        claims = self._claims(given[0])
        if claims["htm"] != method:
            raise Refused("method")
        # Raw on both sides: what a path means is decided once, by whoever decodes it for its routes.
        if claims["path"].encode("utf-8", "surrogateescape") != scope.get("raw_path"):
            raise Refused("path")
        self._check_time(claims)
        return _caller(claims)

    def _claims(self, value: bytes) -> dict[str, Any]:
        for key in self._keys:
            try:
                found = jwt.decode_complete(
                    value, key, algorithms=[ALGORITHM], audience=self._service, issuer=ISSUER, options=_OPTIONS
                )
            except jwt.InvalidAudienceError:
                raise Refused("service") from None
            except (jwt.PyJWTError, ValueError, RecursionError):
                continue
            claims: dict[str, Any] = found["payload"]
            if found["header"].get("typ") != TYPE or not _well_formed(claims):
                break
            return claims
        raise Refused("invalid")

    def _check_time(self, claims: dict[str, Any]) -> None:
        now, issued, expires = self._clock(), claims["iat"], claims["exp"]
        if not issued - self._leeway <= now < expires + self._leeway or expires - issued > self._lifetime:
            raise Refused("expired")
        if not self._replays.first_time(claims["jti"], expires + self._leeway, now):
            raise Refused("replayed")


def _plain(name: bytes) -> bytes:
    # Servers that pass headers on as variables read `X_User_ID` as `X-User-ID`.
    return name.lower().replace(b"_", b"-")


def _well_formed(claims: dict[str, Any]) -> bool:
    texts = all(isinstance(claims.get(name, ""), str) for name in ("sub", "org", "scheme", "htm", "path", "jti"))
    times = all(type(claims[name]) in {int, float} for name in ("iat", "exp"))
    roles = claims.get("roles", [])
    return texts and times and isinstance(roles, list) and all(isinstance(role, str) for role in roles)


def _caller(claims: dict[str, Any]) -> Verified:
    told = (claims.get("scheme", ""), claims.get("sub", ""), claims.get("org", ""))
    return Verified(*told, roles=tuple(claims.get("roles", ())))


async def _refuse(reason: str, scope: Message, receive: Receive, send: Send) -> None:
    document = {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Only the gateway may call this service",
        "reason": f"context-{reason}",
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", HEADER.encode()),
    ]
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return
    await receive()
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": document["reason"]})


def master_key(text: str) -> bytes:
    """The gateway's key from the text of its file or of `CUTOVER_CONTEXT_KEY`: hex, or any 32 characters.

    Raises:
        ValueError: it is shorter than 32 bytes.
    """
    text = text.strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = text.encode()
    if len(key) < _SHORTEST:
        raise ValueError("the context key is shorter than 32 bytes")
    return key


def main(arguments: list[str], environment: os._Environ[str] | dict[str, str]) -> int:
    """Print one service's key; KEYFILE `-` takes the gateway's key from `CUTOVER_CONTEXT_KEY`."""
    if len(arguments) != 2:  # noqa: PLR2004 - a file and a name
        sys.stderr.write("usage: python -m gateway.downstream KEYFILE SERVICE\n")
        return 2
    file, service = arguments
    try:
        text = environment.get(KEY_VARIABLE, "") if file == "-" else Path(file).read_text()
        key = master_key(text)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{KEY_VARIABLE if file == '-' else file}: {error}\n")
        return 3
    sys.stdout.write(service_key(key, service) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], os.environ))
