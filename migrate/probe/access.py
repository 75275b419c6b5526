"""Who gets in without a credential that holds: nobody, with a proper 401.

Dry runs ask on every route, whatever its stage. In public only served reads are asked, so that a gateway that does
let somebody in executes nothing.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING

from gateway.core.routes import Access, Kind
from migrate.probe.refusal import EXPECTED, other_status, unlike
from migrate.probe.result import NotAsked, ProbeResult, judged
from migrate.probe.sample import sample, with_headers
from migrate.probe.tokens import claims, forged, signed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.core.exchange import Request
    from gateway.core.routes import Route
    from migrate.probe.result import Wrong
    from migrate.probe.setting import Setting

ANONYMOUS = "anonymous"
FORGED = "forged"
EXPIRED = "expired"
WRONG_KIND = "wrong kind"
_IN_PUBLIC = 3
_HANDSHAKE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", base64.b64encode(b"cutover-probe---").decode()),
)
_CLOSED: Collection[int] = {401, 403}
_NOT_SERVED: Collection[int] = {401, 403, 404}
_ANY: Collection[int] = range(100, 500)

type Attempt = tuple[str, str | None]
"""How it is asked, and the Authorization header's value."""


async def anonymous(setting: Setting, route: Route) -> ProbeResult:
    """No credential, and an empty one."""
    return await _refused(setting, route, ANONYMOUS, [("no credential", None), ("an empty credential", "Bearer ")])


async def forgery(setting: Setting, route: Route) -> ProbeResult:
    """Tokens that nobody issued."""
    known = setting.credentials
    made = forged(
        time.time(),
        known.organisation or "cutover-probe",
        genuine=known.token,
        secret=known.secret,
        algorithms=setting.table.policy.algorithms,
    )
    return await _refused(setting, route, FORGED, [(how, f"Bearer {token}") for how, token in made])


async def expiry(setting: Setting, route: Route) -> ProbeResult | NotAsked:
    """Genuine tokens that have ended, never end, have not begun, or only refresh."""
    secret = setting.credentials.secret
    if not secret:
        return NotAsked(
            EXPIRED, route.id, "set CUTOVER_JWT_SECRET: only with it a genuine token is made that has ended"
        )
    now = time.time()
    organisation = setting.credentials.organisation or "cutover-probe"
    endless = claims(now, organisation)
    del endless["exp"]
    made = [
        ("expired a minute ago", claims(now, organisation, exp=int(now) - 60)),
        ("a refresh token", claims(now, organisation, type="refresh")),
        ("without an end", endless),
        ("not yet valid", claims(now, organisation, nbf=int(now) + 300)),
    ]
    return await _refused(
        setting, route, EXPIRED, [(how, f"Bearer {signed(secret, content)}") for how, content in made]
    )


async def wrong_kind(setting: Setting, route: Route) -> ProbeResult:
    """A credential of the other family, and of no family."""
    key = f"Bearer {setting.table.policy.api_key_prefix}cutover-probe"
    token = setting.credentials.token or forged(time.time(), "cutover-probe")[0][1]
    other = ("an API key", key) if route.access is Access.JWT else ("a JWT", f"Bearer {token}")
    basic = base64.b64encode(b"cutover:probe").decode()
    return await _refused(
        setting, route, WRONG_KIND, [other, ("Basic", f"Basic {basic}"), ("two words", f"{key} {key}")]
    )


async def _refused(setting: Setting, route: Route, probe: str, attempts: Sequence[Attempt]) -> ProbeResult:
    if route.kind is Kind.WEBSOCKET:
        return await _closed_socket(setting, route, probe, attempts)
    wrongs: list[Wrong | None] = []
    for how, value in attempts:
        answer = await setting.dry_run(route, _asking(route, value))
        wrongs.append(unlike(answer, f"{how}, dry run", copy=True))
    if setting.readable(route):
        for how, value in attempts[:_IN_PUBLIC]:
            wrongs.append(unlike(await setting.publicly(route, _asking(route, value)), f"{how}, in public"))
    return judged(probe, route.id, EXPECTED, wrongs)


async def _closed_socket(setting: Setting, route: Route, probe: str, attempts: Sequence[Attempt]) -> ProbeResult:
    if setting.transparent(route):
        expected, allowed = "transparent: the service decides", _ANY
    else:
        expected, allowed = "the handshake is refused", _CLOSED if setting.served(route) else _NOT_SERVED
    wrongs = []
    for how, value in attempts[:_IN_PUBLIC]:
        request = with_headers(_asking(route, value), *_HANDSHAKE)
        wrongs.append(other_status(await setting.publicly(route, request), allowed, f"{how}, handshake"))
    return judged(probe, route.id, expected, wrongs)


def _asking(route: Route, value: str | None) -> Request:
    request = sample(route)
    return request if value is None else with_headers(request, ("Authorization", value))
