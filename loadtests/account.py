"""Signing in once per run: the platform allows five sign-ins a minute for one name and address."""

from __future__ import annotations

import base64
import binascii
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pyotp

from gateway.core.errors import ConfigError, UnreachableError
from gateway.core.exchange import Request
from gateway.core.mapping import to_gateway
from loadtests.pages import SIGN_IN
from loadtests.results import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.table import RouteTable

TOKEN = "CUTOVER_LOAD_TOKEN"  # noqa: S105 - the name of a variable
USERNAME = "CUTOVER_LOAD_USERNAME"
PASSWORD = "CUTOVER_LOAD_PASSWORD"  # noqa: S105 - likewise
TOTP_SECRET = "CUTOVER_LOAD_TOTP_SECRET"  # noqa: S105 - likewise
VARIABLES = (TOKEN, USERNAME, PASSWORD, TOTP_SECRET)
"""What one account is given by; further accounts have the same with `_2`, `_3` … at the end."""
_MARGIN = 60.0
"""Seconds before its end from which a token is replaced."""


@dataclass(frozen=True, slots=True)
class Session:
    """A token with what its claims say, read unverified: organisation, end (0: not said), and whose it is."""

    token: str = field(repr=False)
    organisation: str = ""
    ends: float = 0.0
    subject: str = ""

    def fresh(self, now: float) -> bool:
        """Whether the token still holds for a while."""
        return not self.ends or self.ends - now > _MARGIN

    @property
    def variables(self) -> dict[str, str]:
        """What calls take from it: `org` and `user`, as far as they are known."""
        return {name: value for name, value in (("org", self.organisation), ("user", self.subject)) if value}


def session(token: str) -> Session:
    """What a JWT's claims say about it; an opaque token says nothing."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ends = float(claims.get("exp") or 0)
        return Session(token, str(claims.get("org_id") or ""), ends, str(claims.get("sub") or ""))
    except (IndexError, ValueError, AttributeError, TypeError, binascii.Error):
        return Session(token)


def accounts(environment: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """Each account's ending (empty for the first, then `_2`, `_3` …) and its variables without that ending."""
    found = [("", {name: environment.get(name, "") for name in VARIABLES})]
    while True:
        ending = f"_{len(found) + 1}"
        variables = {name: environment.get(name + ending, "") for name in VARIABLES}
        if not variables[USERNAME] and not variables[TOKEN]:
            return found
        found.append((ending, variables))


def sign_in(environment: Mapping[str, str], table: RouteTable, bases: Mapping[str, str], side: str) -> Session:
    """The session all users of the run share: the given token while it holds, else one sign-in on this side.

    Raises:
        ConfigError: credentials are missing, or the platform does not take them.
        UnreachableError: the sign-in got no answer, or one that is no sign-in.
    """
    given = environment.get(TOKEN)
    if given and session(given).fresh(time.time()):
        return session(given)
    missing = [name for name in (USERNAME, PASSWORD) if not environment.get(name)]
    if missing:
        ended = f"{TOKEN} has expired; " if given else ""
        raise ConfigError(f"{ended}set {' and '.join(missing)}, or {TOKEN}, for the account that the load test uses")
    return _post(_address(table, bases, side), environment)


def _address(table: RouteTable, bases: Mapping[str, str], side: str) -> str:
    service, path = SIGN_IN
    matched = table.legacy(service).find("POST", path) if service in table.services else None
    if matched is None or matched.route.gateway is None:
        raise ConfigError(f"the route table has no sign-in at {path}; set {TOKEN}")
    if side == GATEWAY and GATEWAY in bases:
        return bases[GATEWAY] + to_gateway(matched.route, matched.parameters, Request("POST", path)).target
    return bases.get(service, table.services[service].legacy.rstrip("/")) + path


def _post(address: str, environment: Mapping[str, str]) -> Session:
    credentials = {"username": environment[USERNAME], "password": environment[PASSWORD]}
    if environment.get(TOTP_SECRET):
        credentials["totp_code"] = _code(environment[TOTP_SECRET])
    try:
        answer = httpx.post(address, json=credentials, timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        raise UnreachableError(f"no sign-in at {address}: {error}") from None
    if answer.is_success:
        token = _token(answer)
        if token:
            return session(token)
    raise _refusal(answer, address)


def _refusal(answer: httpx.Response, address: str) -> ConfigError | UnreachableError:
    detail = answer.text[:200]
    if answer.status_code == httpx.codes.FORBIDDEN and "TOTP_REQUIRED" in detail:
        return ConfigError(f"the account {address} asks for needs a one-time code; set {TOTP_SECRET}")
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return ConfigError(f"{address} does not take {USERNAME} and {PASSWORD}: {detail}")
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "300")
        return UnreachableError(f"{address} is locked after too many sign-ins; wait {wait} s or set {TOKEN}")
    return UnreachableError(f"{address} answered {answer.status_code} instead of a token")


def _token(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("access_token") or "")
    except (ValueError, AttributeError):
        return ""


def _code(secret: str) -> str:
    try:
        return pyotp.TOTP(secret).now()
    except ValueError as error:
        raise ConfigError(f"{TOTP_SECRET} is no usable base32 secret: {error}") from None
