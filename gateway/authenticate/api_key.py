"""API keys: recognised by their prefix; the platform is asked whether one holds, or the service it goes to checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.authenticate.bearer import bearer, invalid
from gateway.caller import Caller
from gateway.core.routes import KeyCheck
from gateway.core.subject import fingerprint

if TYPE_CHECKING:
    from gateway.authenticate.identity import Identity
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

LONGEST = 512


async def api_key(
    identity: Identity, table: RouteTable, route: Route, value: str | None, *, wait: bool = True
) -> Caller:
    """The holder of an API key, named by the key's fingerprint.

    Raises:
        Unauthenticated: no credential, one without the API key prefix, or one that the platform refuses.
        Unavailable: the platform cannot be asked now.
    """
    keys = table.policy.credentials.api_keys
    if keys.introspect is None or route.api_key is KeyCheck.PASS:
        credential = _credential(value, table.policy.api_key_prefix)
        return Caller("api-key", fingerprint(identity.settings.fingerprint_key, credential))
    asked = identity.introspection
    service = table.services[keys.introspect.service]
    digest = asked.digest(keys, service, value or "")
    known = asked.known(digest)
    if known is not None:
        return known
    return await asked.holder(keys, service, _credential(value, table.policy.api_key_prefix), digest, wait=wait)


def _credential(value: str | None, prefix: str) -> str:
    credential = bearer(value)
    if not credential.startswith(prefix):
        raise invalid("An API key is required here", "wrong-family")
    if len(credential) > LONGEST or not credential.isascii() or not credential.isprintable():
        raise invalid("No API key has this form", "malformed")
    return credential
