"""Defects of policy: who would be locked out, and what a browser would refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.policy import Limit
from gateway.handle import Parts
from gateway.problem import Unauthenticated
from tests.catalogue.answers import FROM_PAGE, PREFLIGHT, USERS
from tests.catalogue.defect import POLICY, RESPONSE, Defect, headed
from tests.catalogue.rig import Asked

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.table import RouteTable

RENAME = Asked(
    "filtration",
    "PATCH",
    "/management/organizations/me",
    "admin",
    (("Content-Type", "application/json"),),
    b'{"name":"{organisation_name}"}',
)


def _lacking(table: RouteTable) -> RouteTable:
    permissions = table.policy.permissions
    roles = {**permissions.roles, "admin": ("deployment:list",)}
    return replace(table, policy=replace(table.policy, permissions=replace(permissions, roles=roles)))


def _narrow(table: RouteTable) -> RouteTable:
    return replace(table, limits={**table.limits, "read": Limit(rate=1, per=3600.0, burst=1)})


def _other_origins(table: RouteTable) -> RouteTable:
    cors = replace(table.policy.cors, origins=("https://elsewhere.example",))
    return replace(table, policy=replace(table.policy, cors=cors))


async def _nobody(*_anything: Any, **_options: Any) -> Any:
    raise Unauthenticated("Invalid token", reason="token")


def _doubled(headers: Headers) -> Headers:
    allowed = tuple(pair for pair in headers if pair[0].lower() == "access-control-allow-origin")
    return (*headers, *(allowed or (("access-control-allow-origin", "*"),)), ("access-control-allow-origin", "*"))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "missing-permission",
        "a role lacks what the platform lets it do",
        USERS,
        POLICY,
        ("403 permission", "status:200→403 changed (gateway-made)"),
        change=_lacking,
    ),
    Defect(
        "write-forbidden",
        "a role may not write what the platform lets it write",
        RENAME,
        POLICY,
        ("403 permission", "status:200→403 changed (gateway-made)"),
        change=_lacking,
    ),
    Defect(
        "strict-limit",
        "a limit is narrower than what people do",
        USERS,
        POLICY,
        ("429 limit", "status:200→429 changed (gateway-made)"),
        change=_narrow,
        times=2,
    ),
    Defect(
        "wrong-key",
        "good tokens are refused",
        USERS,
        POLICY,
        ("401 token", "status:200→401 changed (gateway-made)"),
        lambda: Parts(authenticate=_nobody),
    ),
    Defect(
        "preflight-refused",
        "the page's origin is not allowed",
        PREFLIGHT,
        RESPONSE,
        ("400 origin", "cors:preflight changed (preflight)"),
        change=_other_origins,
    ),
    Defect(
        "origin-refused",
        "the page may not read the answer",
        FROM_PAGE,
        RESPONSE,
        ("cors:access changed (unreadable)",),
        change=_other_origins,
    ),
    Defect(
        "origin-doubled",
        "an origin is allowed twice, so that browsers refuse it",
        FROM_PAGE,
        RESPONSE,
        ("cors:access changed (unreadable)",),
        headed(_doubled),
    ),
)
