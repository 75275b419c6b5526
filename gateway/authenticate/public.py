"""Routes that anyone may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.caller import ANONYMOUS

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.policy import Policy
    from gateway.settings import Settings


def public(_value: str | None, _policy: Policy, _settings: Settings) -> Caller:
    """Nobody in particular; a credential that is there anyway is left to the service."""
    return ANONYMOUS
