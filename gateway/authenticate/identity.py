"""What verifying callers needs beside the request: keys, what was verified lately, and who knows more."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from gateway.authenticate.introspection import Introspection
from gateway.authenticate.published import Published
from gateway.authenticate.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.caller import Caller
    from gateway.core.policy import Policy
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

MOST_TOKENS = 16_384
SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""What a secret must have at least for an algorithm (RFC 7518 §3.2)."""
_log = logging.getLogger("cutover.gateway")


class Identity:
    """The memory of one gateway's authentication; policies come with each request and are held by nobody."""

    def __init__(self, settings: Settings, pool: Pool, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._tokens: Remembered[Caller] = Remembered(MOST_TOKENS, settings.clock, monotonic)
        self.published = Published(pool, self._tokens.clear, monotonic)
        self.introspection = Introspection(settings, pool, monotonic)
        self._policy: Policy | None = None

    def tokens(self, policy: Policy) -> Remembered[Caller]:
        """Tokens that were verified under this policy; under another they are verified anew."""
        if policy is not self._policy:
            if self._policy is None or _lets_in(policy) != _lets_in(self._policy):
                self._tokens.clear()
                self._warn(policy)
            self._policy = policy
        return self._tokens

    def _warn(self, policy: Policy) -> None:
        length = len(self.settings.jwt_secret.encode())
        for algorithm, needed in SECRET_BYTES.items():
            if algorithm in policy.algorithms and length < needed:
                _log.warning("no %s token holds: the secret has %d bytes, not %d", algorithm, length, needed)

    def close(self) -> None:
        """Give up the questions that are under way."""
        self.published.close()
        self.introspection.close()


def _lets_in(policy: Policy) -> tuple[object, ...]:
    return (policy.algorithms, policy.api_key_prefix, policy.credentials)
