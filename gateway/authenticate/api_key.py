"""API keys: recognised by their prefix, verified by the service they are forwarded to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.authenticate.bearer import bearer, invalid
from gateway.caller import Caller
from gateway.core.subject import fingerprint

if TYPE_CHECKING:
    from gateway.core.policy import Policy
    from gateway.settings import Settings


def api_key(value: str | None, policy: Policy, settings: Settings) -> Caller:
    """The holder of an API key, named by the key's fingerprint.

    Raises:
        Unauthenticated: no credential, or one without the API key prefix.
    """
    credential = bearer(value)
    if not credential.startswith(policy.api_key_prefix):
        raise invalid("An API key is required here", "wrong-family")
    return Caller("api-key", fingerprint(settings.fingerprint_key, credential))
