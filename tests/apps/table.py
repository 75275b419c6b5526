"""Small route tables and settings for tests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt

from gateway.core.path import PathPattern
from gateway.core.policy import Policy
from gateway.core.routes import Access, Authorization, Effect, Kind, Move, Place, Route, Service, Stage, Target, Where
from gateway.core.table import RouteTable
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.settings import Settings

JWT_SECRET = "test-jwt-secret-key-0123456789abcdef0123456789abcdef"
INTERNAL_KEY = "test-internal-key-0123456789abcdef"
ORGANISATION = "org-1"


def settings(**changes: Any) -> Settings:
    """Settings with throw-away keys."""
    values: dict[str, Any] = {
        "store": Path("unused"),
        "jwt_secret": JWT_SECRET,
        "internal_key": INTERNAL_KEY,
        "mark_key": b"m" * 32,
        "ticket_key": b"t" * 32,
        "fingerprint_key": b"f" * 32,
        "answers_key": b"a" * 32,
    }
    return Settings(**{**values, **changes})


def token(secret: str = JWT_SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """An access token of user `user-1`, valid for half an hour, unless claims say otherwise; None drops a claim."""
    now = int(time.time())
    standard: dict[str, Any] = {
        "sub": "user-1",
        "exp": now + 1800,
        "iat": now,
        "type": "access",
        "roles": ["admin"],
        "org_id": ORGANISATION,
    }
    merged = {name: value for name, value in {**standard, **claims}.items() if value is not None}
    return jwt.encode(merged, secret, algorithm=algorithm)


def bearer(**claims: Any) -> dict[str, str]:
    """The Authorization header with `token`."""
    return {"Authorization": f"Bearer {token(**claims)}"}


def target(text: str) -> Target:
    """A target from `GET /path`."""
    method, _, path = text.partition(" ")
    return Target(method, PathPattern(path))


def place(text: str) -> Place:
    """A place from `body.name`."""
    where, _, name = text.partition(".")
    return Place(Where(where), name)


def route(route_id: str, service: str, legacy: str, gateway: str | None, **options: Any) -> Route:
    """A route from texts; access is jwt, and the effect follows the method, unless options say otherwise.

    `moves` are pairs such as `("body.id", "path.id")`, legacy first; `scope` and `aliases` are texts.
    """
    old = target(legacy)
    effect = Effect.READ if old.method in {"GET", "OPTIONS", "HEAD"} else Effect.WRITE
    values: dict[str, Any] = {"effect": effect, "access": Access.JWT, "kind": Kind.HTTP, **options}
    values["moves"] = tuple(Move(place(old), place(new)) for old, new in options.get("moves", ()))
    values["scope"] = tuple(place(text) for text in options.get("scope", ()))
    values["aliases"] = tuple(target(text) for text in options.get("aliases", ()))
    return Route(id=route_id, service=service, legacy=old, gateway=target(gateway) if gateway else None, **values)


def service(name: str, address: str, **options: Any) -> Service:
    """A service at one address for both sides; Authorization is stripped unless options say otherwise."""
    values: dict[str, Any] = {"authorization": Authorization.STRIP, "shadow_listen": "127.0.0.1:0", **options}
    return Service(name=name, legacy=address, internal=address, **values)


def table(address: str, *routes: Route, services: tuple[Service, ...] = (), **policy: Any) -> RouteTable:
    """A table whose services `compute` (strip) and `front` (forward) stand at `address`."""
    known = {
        "compute": service("compute", address),
        "front": service("front", address, authorization=Authorization.FORWARD),
        **{item.name: item for item in services},
    }
    return RouteTable("test", known, routes, policy=Policy(**{"trusted_proxies": (), "drain": 2.0, **policy}))


def flags(table: RouteTable, stage: Stage = Stage.GATEWAY, **options: Any) -> FlagSnapshot:
    """Every route at one stage."""
    return FlagSnapshot(1, "salt", {item.id: Flag(item.id, stage, **options) for item in table.routes})
