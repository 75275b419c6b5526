"""How the credentials of callers are checked: tokens, published keys, API keys."""

from __future__ import annotations

from dataclasses import dataclass, field

ANY_TYPE = "any"
"""As `Tokens.type`: whatever a token calls itself, or nothing."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a JWT must say beside its signature and expiry. `leeway` is seconds between two clocks."""

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    type: str = "access"
    leeway: float = 0.0


@dataclass(frozen=True, slots=True)
class Jwks:
    """Published keys (RFC 7517): fetched anew every `refresh` seconds; unreachable, good for `keep` seconds."""

    url: str
    refresh: float = 300.0
    keep: float = 3600.0


@dataclass(frozen=True, slots=True)
class Introspect:
    """The question whether an API key holds: `target` of `service`; `organisation` names a member of the answer."""

    service: str
    method: str
    target: str
    organisation: str = "org_id"


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Without `introspect` API keys pass unchecked; its answers are kept for seconds, refusals apart."""

    introspect: Introspect | None = None
    keep: float = 10.0
    keep_refused: float = 5.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """All of it; equal credentials policies let equal callers in."""

    tokens: Tokens = field(default_factory=Tokens)
    jwks: Jwks | None = None
    api_keys: ApiKeys = field(default_factory=ApiKeys)
