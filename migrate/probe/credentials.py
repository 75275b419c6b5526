"""The identities probes ask with; the environment is read here."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.subject import subject_of
from gateway.settings import JWT_SECRET
from loadtests import account
from loadtests.results import LEGACY
from migrate.probe.tokens import claims, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.table import RouteTable

TOKEN = "CUTOVER_PROBE_TOKEN"  # noqa: S105 - the name of a variable
API_KEY = "CUTOVER_PROBE_API_KEY"
FOREIGN_TOKEN = "CUTOVER_PROBE_FOREIGN_TOKEN"  # noqa: S105 - likewise
USERNAME = "CUTOVER_PROBE_USERNAME"
PASSWORD = "CUTOVER_PROBE_PASSWORD"  # noqa: S105 - likewise
TOTP_SECRET = "CUTOVER_PROBE_TOTP_SECRET"  # noqa: S105 - likewise
_SIGN_IN = ((USERNAME, account.USERNAME), (PASSWORD, account.PASSWORD), (TOTP_SECRET, account.TOTP_SECRET))


@dataclass(frozen=True)
class Credentials:
    """A valid access token, one of another organisation, and the secret; each empty when it is not known.

    `made` says that the token is the probe's own, signed with the secret: nobody the platform knows. `allowed` is one
    of the same user with every role, for dry runs that show more than whether the user may. `api_key` is one that the
    platform knows; empty, one is made up.
    """

    token: str = field(repr=False, default="")
    foreign: str = field(repr=False, default="")
    secret: str = field(repr=False, default="")
    made: bool = False
    allowed: str = field(repr=False, compare=False, default="")
    api_key: str = field(repr=False, default="")

    @property
    def subject(self) -> str:
        """Whom the token names."""
        return _named(self.token)[0]

    @property
    def organisation(self) -> str:
        """The token's organisation; empty when it names none."""
        return _named(self.token)[1]

    @property
    def other_organisation(self) -> str:
        """An organisation that is not the token's: the foreign token's, or one that does not exist."""
        other = _named(self.foreign)[1]
        return other if other and other != self.organisation else str(uuid.uuid5(uuid.NAMESPACE_OID, "cutover-probe"))


def credentials(environment: Mapping[str, str], table: RouteTable, now: float | None = None) -> Credentials:
    """From tokens given, else a sign-in with the name and password given, else made with the gateway's own secret.

    Raises:
        ConfigError: the platform does not take name and password.
        UnreachableError: the sign-in got no answer.
    """
    now = time.time() if now is None else now
    secret = environment.get(JWT_SECRET, "")
    token, foreign, key = (environment.get(name, "") for name in (TOKEN, FOREIGN_TOKEN, API_KEY))
    if not token and environment.get(USERNAME):
        renamed = {theirs: environment[ours] for ours, theirs in _SIGN_IN if environment.get(ours)}
        token = account.sign_in(renamed, table, {}, LEGACY).token
    if secret:
        user = Credentials(token)
        own = claims(now, user.organisation or str(uuid.uuid4()), roles=every_role(table))
        allowed = signed(secret, {**own, "sub": user.subject or own["sub"]})
        if not token:
            return Credentials(allowed, foreign, secret, made=True, allowed=allowed, api_key=key)
        return Credentials(token, foreign, secret, allowed=allowed if user.organisation else "", api_key=key)
    return Credentials(token, foreign, secret, api_key=key)


def every_role(table: RouteTable) -> list[str]:
    """The roles of the file, so that together they may what anybody may."""
    return list(table.policy.permissions.roles) or ["member"]


def _named(token: str) -> tuple[str, str]:
    # Read unverified: what the token claims is what the gateway must tell the service, once it has verified it.
    if not token:
        return "", ""
    found = subject_of(Request("GET", "/", (("Authorization", f"Bearer {token}"),)), b"")
    return found.name, found.organisation
