"""What holds for the gateway as a whole: limit classes, CORS, listeners."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.core.credentials import Credentials
from gateway.core.idempotency import Idempotency
from gateway.core.listening import Connections, Tls
from gateway.core.permissions import Permissions
from gateway.core.resilience import CircuitPolicy, ClientPolicy, RetryPolicy


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: `rate` requests per `per` seconds, `burst` at once."""

    rate: float
    per: float = 60.0
    burst: int = 10


FAILED = Limit(rate=600.0, per=60.0, burst=300)
"""Failures to say who one is that an address may have, unless the table declares a class `failed`."""


@dataclass(frozen=True, slots=True)
class Cors:
    """The gateway's one CORS policy; origins are exact, or `*` alone."""

    origins: tuple[str, ...] = ("*",)
    credentials: bool = True
    max_age: int = 600
    expose: tuple[str, ...] = (
        "X-Request-ID",
        "X-Total-Count",
        "Idempotency-Replayed",
        "RateLimit",
        "RateLimit-Policy",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Retry-After",
    )


@dataclass(frozen=True, slots=True)
class Api:
    """Where the gateway's own API stands: below `prefix`."""

    prefix: str = "/api/v1"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for the gateway as a whole. Addresses are `host:port`.

    `proxy_header` is the one header of trusted proxies that names the client.
    `instances` is how many gateways serve together; without Redis each enforces its share of the limits.
    `build` names the deployed gateway; it is part of every route digest, so a new build starts new evidence.
    `passthrough` names the service whose legacy paths pass through on the gateway's own port; empty for none.
    """

    listen: str = "127.0.0.1:8800"
    internal_listen: str = "127.0.0.1:8801"
    public_url: str = "http://127.0.0.1:8800"
    algorithms: tuple[str, ...] = ("HS256",)
    api_key_prefix: str = "sk-"
    credentials: Credentials = field(default_factory=Credentials)
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    proxy_header: str = "x-forwarded-for"
    cors: Cors = field(default_factory=Cors)
    max_body: int = 52 * 1024 * 1024
    drain: float = 10.0
    tls: Tls = field(default_factory=Tls)
    connections: Connections = field(default_factory=Connections)
    build: str = ""
    instances: int = 1
    circuit: CircuitPolicy = field(default_factory=CircuitPolicy)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    clients: ClientPolicy = field(default_factory=ClientPolicy)
    api: Api = field(default_factory=Api)
    passthrough: str = ""
    idempotency: Idempotency = field(default_factory=Idempotency)
    permissions: Permissions = field(default_factory=Permissions)
