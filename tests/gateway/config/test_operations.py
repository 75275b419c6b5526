from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.mirroring import PlatformLimit
from gateway.core.routes import Access, Effect, Kind, Place, Timeouts, Where
from tests.apps.route_tables import GOOD, changed, table, told

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

FULL = """\
  - id: chat
    service: main
    legacy: POST /v1/chat
    gateway: POST /api/v1/chat
    effect: metered
    access: jwt
    kind: sse
    limit: read
    group: chatting
    rewrites: [ws_url, location]
    scope: [query.org_id]
    timeouts: {first_byte: 75s}
    shadow: {mode: compare, sample: 10%, budget: 5, second: 50%, identity: {$.data: id}}
    platform_limit: {rate: 600, per: 1h}
changes:
"""


def test_a_route_holds_everything_that_is_written() -> None:
    """Every option arrives, and defaults fill the rest."""
    text = GOOD.replace("changes:\n", FULL).replace("routes:\n", "defaults: {timeouts: {idle: 9s}}\nroutes:\n", 1)
    loaded: RouteTable = table(text)  # type: ignore[assignment]
    chat, pools = loaded.route("chat"), loaded.route("pools.list")
    assert chat
    assert pools
    assert (chat.effect, chat.access, chat.kind, chat.limit) == (Effect.METERED, Access.JWT, Kind.SSE, "read")
    assert (chat.group, chat.rewrites, chat.scope) == (
        "chatting",
        ("ws_url", "location"),
        (Place(Where.QUERY, "org_id"),),
    )
    assert chat.timeouts == Timeouts(3.0, 75.0, 9.0)
    assert (chat.shadow.sample, chat.shadow.budget, chat.shadow.identity) == (0.1, 5, {"$.data": "id"})
    assert (chat.shadow.second, pools.shadow.second) == (0.5, None)
    assert (chat.platform_limit, pools.platform_limit) == (PlatformLimit(600.0, 3600.0), None)
    assert pools.timeouts == Timeouts(3.0, 75.0, 9.0)
    assert [str(target) for target in pools.legacy_targets] == ["GET /listPools/{owner_id}"]


def test_the_limit_class_follows_the_effect() -> None:
    """Reads are limited as reads, everything else as writes."""
    loaded: RouteTable = table()  # type: ignore[assignment]
    assert [(route.id, route.limit) for route in loaded.routes][:2] == [
        ("pools.list", "read"),
        ("pools.delete", "write"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("effect: read", "effect: reed", "22: route pools.list: effect 'reed' is not known; write read"),
        ("access: jwt", "access: JWT", "23: route pools.list: access 'JWT' is not known; write jwt"),
        ("    effect: read\n", "", "18: route pools.list: effect is missing"),
        ("access: internal", "access: jwt", "44: route nodes.beat: gateway is missing; write gateway: METHOD /path"),
        (
            "    legacy: POST /beat\n",
            "    legacy: POST /beat\n    gateway: POST /api/v1/beat\n",
            "43: route nodes.beat: an internal route is never exposed; remove gateway:",
        ),
        (
            "gateway: GET /api/v1/pools\n",
            "gateway: GET /.cutover/pools\n",
            "21: route pools.list: paths under /.cutover belong to the gateway itself; write another path",
        ),
        (
            "legacy: GET /nosana",
            "legacy: POST /nosana",
            "34: route logs.socket: a websocket starts with GET, not POST; write GET /nosana",
        ),
        (
            "    gateway: DELETE /api/v1/pools/{id}",
            "    gateway: DELETE /api/v1/pools/{id}\n    kind: sse\n    timeouts: {idle: 5}",
            "31: route pools.delete: timeouts: idle '5' is no duration; write 5s (units: ms, s, m, h)",
        ),
        (
            "legacy: POST /deletepool/{id}",
            "kind: sse\n    legacy: PUT /deletepool/{id}",
            "27: route pools.delete: an event stream answers GET or POST, not PUT; write kind: http",
        ),
        (
            "    effect: write\n    access: jwt",
            "    effect: write\n    access: jwt\n    shadow: {budget: 3}",
            "32: route pools.delete: a budget counts copies of metered routes only; remove it",
        ),
        (
            "    access: internal",
            "    access: internal\n    scope: [query.org_id]",
            "45: route nodes.beat: only a JWT names an organisation; remove scope:, or write access: jwt",
        ),
        (
            "    effect: write\n    access: jwt",
            "    effect: write\n    access: jwt\n    scope: path.org",
            "32: route pools.delete: path.org names no parameter of DELETE /api/v1/pools/{id}",
        ),
        (
            "    kind: websocket",
            "    rewrites: [wsurl]",
            "37: route logs.socket: rewrites 'wsurl' is not known; write ws_url",
        ),
        ("routes:\n", "routes:\n  - 5\n", "18: route must be a mapping; write `key: value` lines here"),
        (
            "moves: [{legacy: path.owner_id, gateway: query.owner_id}]",
            "moves: [{legacy: owner_id}, 7]",
            "24: route pools.list: move: gateway is missing; write `gateway: …` here",
        ),
    ],
)
def test_a_wrong_option_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    """And the mend."""
    assert any(line.startswith(problem) for line in changed(old, new)), changed(old, new)


def test_a_broken_target_hides_no_other_problem() -> None:
    """What can still be checked of a route is checked."""
    text = GOOD.replace("legacy: POST /deletepool/{id}", "legacy: POST deletepool").replace(
        "    service: main\n    legacy: POST deletepool", "    service: mian\n    legacy: POST deletepool"
    )
    found = told(text)
    assert any(line.startswith("27: route pools.delete: legacy 'POST deletepool'") for line in found)
    assert any("service 'mian' is not declared; write main" in line for line in found)
    assert len(found) == 2


def test_a_table_without_routes_is_a_problem() -> None:
    """There is nothing to move."""
    text = GOOD.partition("routes:\n")[0]
    assert told(text) == ["1: no route is declared; write routes: with at least one entry"]
