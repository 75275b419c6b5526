"""Whether a role may what it must not, and whether a caller reaches what another organisation has.

Both are asked as trials: dry runs that are judged as calls would be, so that nothing is carried out even by a gateway
that lets everybody in. In public only served reads are asked.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from gateway.core.exchange import Failure, Response
from gateway.core.mark import READ
from gateway.core.permissions import AUTHENTICATED, grants
from gateway.core.routes import Access, Kind
from migrate.probe.credentials import every_role
from migrate.probe.refusal import other_status
from migrate.probe.result import NotAsked, ProbeResult, Wrong, judged
from migrate.probe.sample import NOBODY, sample, with_headers
from migrate.probe.setting import is_dry_run, lenient, status_of
from migrate.probe.tokens import SUBJECT, claims, signed

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.routes import Lookup, Route
    from migrate.probe.setting import Setting

ROLE = "wrong role"
FOREIGN = "foreign object"
UNKNOWN = "cutover-probe-unknown-role"
_FORBIDDEN = {403}
_HIDDEN = {403, 404}
_OK = 200
_NO_SECRET = "set CUTOVER_JWT_SECRET: only with it a token of each role is made"  # noqa: S105 - words


def needs_permission(route: Route) -> bool:
    """Whether roles decide about the route."""
    known = route.permission not in {"", AUTHENTICATED}
    return known and route.access is Access.JWT and route.kind is not Kind.WEBSOCKET


def looks_up(route: Route) -> bool:
    """Whether the owner of what the route names is looked up."""
    return bool(route.lookups) and route.kind is not Kind.WEBSOCKET


async def wrong_role(setting: Setting, route: Route) -> ProbeResult | NotAsked:
    """Each role of the file that lacks the permission, an unknown one and none; then one that has it."""
    if not setting.credentials.secret:
        return NotAsked(ROLE, route.id, _NO_SECRET)
    permissions = setting.table.policy.permissions
    may = {role: grants(held, route.permission, permissions.everything) for role, held in permissions.roles.items()}
    ways = [(f"as {role}", [role]) for role, granted in may.items() if not granted]
    ways += [("as an unknown role", [UNKNOWN]), ("without a role", [])]
    wrongs: list[Wrong | None] = []
    for how, roles in ways:
        request = _asking(setting, route, _token(setting, roles))
        wrongs.append(other_status(await setting.dry_run(route, request), _FORBIDDEN, how))
        if setting.readable(route):
            wrongs.append(other_status(await setting.publicly(route, request), _FORBIDDEN, f"{how}, in public"))
    for role in (role for role, granted in may.items() if granted):
        # A gateway that refuses everybody would pass all of the above. What is not there may still be hidden.
        answer = await setting.dry_run(route, _asking(setting, route, _token(setting, [role])), mode=lenient(route))
        wrongs.append(
            None if is_dry_run(answer) else Wrong("status", "200, a dry run", status_of(answer), f"as {role}")
        )
    return judged(ROLE, route.id, f"403 without {route.permission}", wrongs)


async def foreign(setting: Setting, route: Route) -> ProbeResult | NotAsked:
    """What another organisation has, and what nobody has: both must be refused, and in the same words."""
    if not setting.credentials.secret or not setting.credentials.organisation:
        return NotAsked(FOREIGN, route.id, _NO_SECRET)
    elsewhere = str(uuid.uuid4())
    stranger = _token(setting, every_role(setting.table), organisation=elsewhere)
    own = setting.credentials.allowed or setting.credentials.token
    known = await own_id(setting, route.lookups[-1])
    asked = known or NOBODY
    theirs = _asking(setting, route, stranger, named=asked, organisation=elsewhere)
    nobodys = _asking(setting, route, own, named=str(uuid.uuid4()))
    answers = [await setting.dry_run(route, request) for request in (theirs, nobodys)]
    wrongs = [
        other_status(answer, _HIDDEN, how)
        for answer, how in zip(answers, ("another organisation's", "nobody's"), strict=True)
    ]
    wrongs.append(_told_apart(*answers))
    if setting.readable(route):
        wrongs.append(other_status(await setting.publicly(route, theirs), _HIDDEN, "another's, in public"))
    if known:
        answer = await setting.dry_run(route, _asking(setting, route, own, named=known))
        wrongs.append(
            None if is_dry_run(answer) else Wrong("status", "200, a dry run", status_of(answer), "one's own")
        )
    return judged(FOREIGN, route.id, "403 or 404, whether it exists or not", wrongs)


async def own_id(setting: Setting, lookup: Lookup) -> str:
    """An id that the probe's own organisation has, by the list that is looked up or its family's; empty if none."""
    source = lookup.route if lookup.member else lookup.route.partition(".")[0] + ".list"
    route = setting.table.route(source)
    if route is None or setting.credentials.made:
        return ""
    member = lookup.path if lookup.member else _identity(route)
    if not member:
        return ""
    organisation = (setting.credentials.organisation,)
    request = with_headers(
        sample(route, organisation),
        ("Authorization", f"Bearer {setting.credentials.allowed or setting.credentials.token}"),
    )
    answer = await setting.dry_run(route, request, mode=READ)
    return _first(answer, member)


def _identity(route: Route) -> tuple[str, ...]:
    found = next(iter(route.shadow.identity.items()), None)
    return (*found[0].split(".")[1:], found[1]) if found else ()


def _first(answer: Response | Failure, path: tuple[str, ...]) -> str:
    if isinstance(answer, Failure) or answer.status != _OK:
        return ""
    try:
        value: Any = json.loads(answer.body)
        for name in path:
            value = (value[0] if isinstance(value, list) else value)[name]
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
    return value if isinstance(value, str) else ""


def _token(setting: Setting, roles: list[str], *, organisation: str = "") -> str:
    known = setting.credentials
    content = claims(time.time(), organisation or known.organisation or "cutover-probe", roles=roles)
    content["sub"] = known.subject or SUBJECT
    return signed(known.secret, content)


def _asking(setting: Setting, route: Route, token: str, *, named: str = NOBODY, organisation: str = "") -> Request:
    known = setting.credentials
    spoken = organisation or known.organisation or "cutover-probe"
    own = sample(route, (spoken,), subject=known.subject or SUBJECT, named=named)
    return with_headers(own, ("Authorization", f"Bearer {token}"))


def _not_let(answer: Response | Failure, how: str) -> Wrong | None:
    return None if is_dry_run(answer) else Wrong("status", "200, a dry run", status_of(answer), how)


def _told_apart(theirs: Response | Failure, nobodys: Response | Failure) -> Wrong | None:
    said = [_said(answer) for answer in (theirs, nobodys)]
    if said[0] == said[1]:
        return None
    return Wrong("body:$.detail", unquote(said[1]), said[0], "existing and not: the answers differ")


def _said(answer: Response | Failure) -> str:
    if isinstance(answer, Failure):
        return status_of(answer)
    try:
        detail = json.loads(answer.body).get("detail", "")
    except (ValueError, AttributeError):
        detail = ""
    return f"{answer.status} {detail}"
