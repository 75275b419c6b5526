"""The route table: what the platform's operations are, on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.comparing import Like
    from gateway.core.mirroring import PlatformLimit
    from gateway.core.path import PathPattern
    from gateway.core.reuse import Caching


class Stage(StrEnum):
    """Where a route stands, in order."""

    LEGACY = "legacy"
    SHADOW = "shadow"
    CANARY = "canary"
    GATEWAY = "gateway"
    CLOSED = "closed"

    @property
    def rank(self) -> int:
        """Position in the order of the migration, from 0."""
        return _RANKS[self]


_RANKS = {stage: rank for rank, stage in enumerate(Stage)}


class Effect(StrEnum):
    """What a call does: reads, writes, or reads that cost or are counted."""

    READ = "read"
    WRITE = "write"
    METERED = "metered"


class Access(StrEnum):
    """Who may call a route at the gateway."""

    PUBLIC = "public"
    JWT = "jwt"
    API_KEY = "api-key"
    INTERNAL = "internal"


class Kind(StrEnum):
    """How a route talks."""

    HTTP = "http"
    SSE = "sse"
    WEBSOCKET = "websocket"


class Where(StrEnum):
    """Which part of a request carries a parameter."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"


class Forwarding(StrEnum):
    """In which headers a service is told of the hops of a request."""

    X_FORWARDED = "x-forwarded"
    FORWARDED = "forwarded"
    BOTH = "both"


class KeyCheck(StrEnum):
    """Whether the gateway asks about an API key before it passes it on."""

    PASS = "pass"  # noqa: S105 - a word
    INTROSPECT = "introspect"


class Authorization(StrEnum):
    """Whether a service gets the client's Authorization header."""

    FORWARD = "forward"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class Target:
    """One method and path pattern."""

    method: str
    path: PathPattern

    def __str__(self) -> str:
        return f"{self.method} {self.path.text}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one parameter stands on one side: `body.deployment_id`."""

    where: Where
    name: str

    def __str__(self) -> str:
        return f"{self.where}.{self.name}"


@dataclass(frozen=True, slots=True)
class Move:
    """A parameter that is named or placed differently on the two sides."""

    legacy: Place
    gateway: Place


class Tenancy(StrEnum):
    """Who keeps tenants apart on a route whose scope the gateway does not check itself.

    `service`: the service does, by the token it is handed. `shared`: what the route names belongs to nobody.
    """

    UNSAID = ""
    SERVICE = "service"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Lookup:
    """The owner of what `parameter` names is asked of another route's service.

    `path` leads into its answer, member by member and through lists: to the owner, or, with `member`, to all the ids
    that the caller's own organisation has. `spare` are values that name nothing owned. `page` is how many items one
    answer holds at most; 0 asks once.
    """

    route: str
    path: tuple[str, ...]
    parameter: Place
    member: bool = False
    spare: tuple[str, ...] = ()
    page: int = 0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, to the response head, and between bytes after it."""

    connect: float = 3.0
    first_byte: float = 75.0
    idle: float = 75.0


@dataclass(frozen=True, slots=True)
class ShadowPolicy:
    """How a route is copied: `compare` by effect or `off`; `sample` is a share of 0 to 1.

    `budget` is how many real copies of a metered route an hour may make; 0 means dry runs only.
    `second` is the share of copied reads for which legacy is asked twice; None takes the table's.
    `identity` names, per list path (`$`, `$.items`), the member that tells list items apart. `compare` says, per
    place of an answer (`$.items[*].at`, `header:etag`, `cookie:session`), by what meaning two values are the same.
    """

    mode: str = "compare"
    sample: float = 1.0
    budget: int = 0
    second: float | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    compare: Mapping[str, Like] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """One backend: base URLs without a path, as clients call it today and as the gateway does.

    `context` says whether it gets the signed context, `forwarding` how it is told of hops. `openapi` is where its
    document stands (a path at the service, a URL, or a file beside the table), `health` the path that says how it
    is, `title` what people call it; each may be empty. `platform_limit` is what it takes
    in all; a route may have one of its own.
    """

    name: str
    legacy: str
    internal: str
    authorization: Authorization
    shadow_listen: str
    internal_key: bool = True
    context: bool = True
    forwarding: Forwarding = Forwarding.X_FORWARDED
    openapi: str = ""
    health: str = "/health"
    title: str = ""
    platform_limit: PlatformLimit | None = None

    @property
    def openapi_is_a_file(self) -> bool:
        """Whether its document stands beside the table, neither at the service nor at a URL."""
        return bool(self.openapi) and not self.openapi.startswith(("/", "http://", "https://"))


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `gateway` is None exactly when access is internal: it is never exposed.

    `scope` names places of a gateway request that must hold the caller's own organisation, `own` those that must
    hold the caller's own id, `lookups` those whose owner is looked up; the caller needs `permission`. `api_key` None
    means introspection where the policy declares it.
    """

    id: str
    service: str
    legacy: Target
    gateway: Target | None
    effect: Effect
    access: Access
    kind: Kind = Kind.HTTP
    aliases: tuple[Target, ...] = ()
    moves: tuple[Move, ...] = ()
    limit: str = "read"
    timeouts: Timeouts = Timeouts()
    shadow: ShadowPolicy = field(default_factory=ShadowPolicy)
    group: str = ""
    rewrites: tuple[str, ...] = ()
    scope: tuple[Place, ...] = ()
    health: bool = False
    coalesce: bool = False
    cache: Caching | None = None
    api_key: KeyCheck | None = None
    permission: str = ""
    own: tuple[Place, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    tenancy: Tenancy = Tenancy.UNSAID
    platform_limit: PlatformLimit | None = None

    @property
    def rollout_group(self) -> str:
        """The name a canary buckets by; one person is not split within it."""
        return self.group or self.service

    @property
    def needs_body(self) -> bool:
        """Whether a parameter stands in the body, so that it must be read before the request can go on."""
        if not (self.scope or self.own or self.lookups or self.moves):
            return False
        moved = [place for move in self.moves for place in (move.legacy, move.gateway)]
        places = [*self.scope, *self.own, *[lookup.parameter for lookup in self.lookups], *moved]
        return Where.BODY in [place.where for place in places]

    @property
    def legacy_targets(self) -> tuple[Target, ...]:
        """The legacy target followed by its aliases."""
        return (self.legacy, *self.aliases)


@dataclass(frozen=True, slots=True)
class Change:
    """An intended difference: where legacy answers `legacy_status`, the gateway answers `gateway_status`.

    Without `legacy_status`, whatever legacy answers is meant.
    With `gateway_reason`, only the gateway's own answers of that reason are meant.
    With `at` (a difference location such as `body:$.ws_url`), only that place may differ, whatever the status.
    `routes` are globs over route ids.
    """

    id: str
    routes: tuple[str, ...]
    reason: str
    legacy_status: int | None = None
    gateway_status: int | None = None
    gateway_reason: str = ""
    at: str | None = None
