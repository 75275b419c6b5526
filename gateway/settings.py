"""What one process needs beside the route table; the environment is read once, here."""

from __future__ import annotations

import os
import secrets
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.errors import ConfigError
from gateway.downstream import KEY_VARIABLE, master_key
from gateway.store.database import secret_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

JWT_SECRET = "CUTOVER_JWT_SECRET"  # noqa: S105 - the name of a variable
JWT_SECRET_PREVIOUS = "CUTOVER_JWT_SECRET_PREVIOUS"  # noqa: S105 - the name of a variable
"""The secret before the present one: tokens signed with it hold until they expire."""
INTERNAL_KEY = "CUTOVER_INTERNAL_KEY"
ACCESS_LOG = "CUTOVER_ACCESS_LOG"
REDIS = "CUTOVER_REDIS_URL"
"""Where several gateways meet; an environment variable since the address may hold a password."""
SERVICE_TOKEN = "CUTOVER_SERVICE_TOKEN"  # noqa: S105 - the name of a variable
"""What the gateway shows when it asks the platform what roles hold."""
CLOCK_AT = "CUTOVER_CLOCK_AT"
"""An ISO time at which the process's clock starts, for a replay against it; never set in service."""


@dataclass(frozen=True)
class Settings:
    """Secrets, the store's place, and the clock. Never logged: `repr` shows no secret.

    With `access_log`, each request becomes one JSON line on stderr.
    """

    store: Path
    jwt_secret: str = field(repr=False)
    internal_key: str = field(repr=False)
    mark_key: bytes = field(repr=False)
    ticket_key: bytes = field(repr=False)
    fingerprint_key: bytes = field(repr=False)
    answers_key: bytes = field(repr=False)
    clock: Callable[[], float] = time.time
    access_log: bool = False
    redis_url: str = field(default="", repr=False)
    jwt_secret_previous: str = field(default="", repr=False)
    context_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    service_token: str = field(default="", repr=False)

    @property
    def jwt_secrets(self) -> tuple[str, ...]:
        """The secrets with which tokens may be signed now: the present one, and during a rotation the one before."""
        return _given(self.jwt_secret, self.jwt_secret_previous)


def jwt_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The same for a process that may do without; empty where it was given none."""
    return _given(environment.get(JWT_SECRET, ""), environment.get(JWT_SECRET_PREVIOUS, ""))


def _given(*secrets: str) -> tuple[str, ...]:
    return tuple(secret for secret in secrets if secret)


def load_settings(store: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and the key files beside the store.

    Raises:
        ConfigError: a secret is not set or too short, or a key file is not usable.
    """
    values = os.environ if environment is None else environment
    problems = [
        f"{name} is not set: {purpose}"
        for name, purpose in (
            (JWT_SECRET, "the platform's JWT_SECRET_KEY, with which the gateway checks tokens"),
            (INTERNAL_KEY, "the platform's INTERNAL_API_KEY, with which the gateway calls services"),
        )
        if not values.get(name)
    ]
    problems += [
        f"{name} is shorter than 32 characters: HS256 needs at least that"
        for name in (JWT_SECRET, JWT_SECRET_PREVIOUS)
        if 0 < len(values.get(name, "").encode()) < 32  # noqa: PLR2004 - RFC 7518 §3.2: as long as the hash
    ]
    if problems:
        raise ConfigError("; ".join(problems))
    keys = store.parent
    return Settings(
        store=store,
        jwt_secret=values[JWT_SECRET],
        internal_key=values[INTERNAL_KEY],
        mark_key=secret_key(keys, "mark"),
        ticket_key=secret_key(keys, "ticket"),
        fingerprint_key=secret_key(keys, "fingerprint"),
        answers_key=secret_key(keys, "answers"),
        access_log=bool(values.get(ACCESS_LOG)),
        redis_url=redis_url(values.get(REDIS, "")),
        jwt_secret_previous=values.get(JWT_SECRET_PREVIOUS, ""),
        context_key=_context_key(values.get(KEY_VARIABLE, ""), keys),
        service_token=service_token(values.get(SERVICE_TOKEN, "")),
        clock=_clock(values.get(CLOCK_AT, "")),
    )


def _context_key(text: str, keys: Path) -> bytes:
    if not text:
        return secret_key(keys, "context")
    try:
        return master_key(text)
    except ValueError:
        raise ConfigError(f"{KEY_VARIABLE} is shorter than 32 bytes: write 64 hex digits") from None


def redis_url(text: str) -> str:
    """The address of a Redis, or nothing.

    Raises:
        ConfigError: it is no redis address. The message never shows it.
    """
    if text and urlsplit(text).scheme not in {"redis", "rediss", "unix"}:
        raise ConfigError(f"{REDIS} is no Redis address; write redis://host:6379/0, rediss://… or unix:///path")
    return text


def service_token(text: str) -> str:
    """A bearer token, or nothing.

    Raises:
        ConfigError: it cannot stand in a header. The message never shows it.
    """
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        raise ConfigError(f"{SERVICE_TOKEN} is no bearer token: write it alone, without blanks")
    return text


def _clock(starts_at: str) -> Callable[[], float]:
    if not starts_at:
        return time.time
    try:
        at = datetime.fromisoformat(starts_at)
    except ValueError:
        raise ConfigError(f"{CLOCK_AT} is {starts_at!r}: write an ISO time such as 2026-01-31T12:00:00Z") from None
    sys.stderr.write(
        f"WARNING: {CLOCK_AT} is set: the clock starts at {starts_at} and expired tokens pass; for replays only\n"
    )
    offset = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - time.time()
    return lambda: time.time() + offset
