from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.mirroring import PlatformLimit
from gateway.core.policy import Limit
from gateway.core.routes import Authorization, Change
from tests.apps.route_tables import GOOD, changed, table, told

if TYPE_CHECKING:
    from gateway.core.table import RouteTable


def test_services_limits_and_changes_arrive() -> None:
    """The internal address is the legacy one unless written."""
    text = GOOD.replace("read: {rate: 10}", "read: {rate: 2.5, per: 10s, burst: 7}").replace(
        "    authorization: strip\n",
        "    authorization: strip\n    internal: http://10.0.0.1:3000\n    internal_key: false\n"
        "    platform_limit: {rate: 60}\n",
    )
    loaded: RouteTable = table(text)  # type: ignore[assignment]
    main, side = loaded.services["main"], loaded.services["side"]
    assert (main.name, main.internal, main.authorization, main.internal_key) == (
        "main",
        "http://127.0.0.1:8000",
        Authorization.FORWARD,
        True,
    )
    assert (side.internal, side.internal_key) == ("http://10.0.0.1:3000", False)
    assert (main.platform_limit, side.platform_limit) == (None, PlatformLimit(60.0))
    assert loaded.limits == {"read": Limit(2.5, 10.0, 7), "write": Limit(5, 60.0, 10)}
    assert loaded.changes == (Change("token", ("pools.*",), "legacy means 401", 500, 401),)


def test_a_change_may_name_a_place_or_any_legacy_status() -> None:
    """One route may stand without brackets."""
    more = (
        "  - {id: place, routes: pools.list, at: 'body:$.ws_url', reason: r}\n"
        "  - {id: any, routes: [pools.*], to: {status: 403}, reason: r}\n"
    )
    loaded: RouteTable = table(GOOD + more)  # type: ignore[assignment]
    assert loaded.changes[1:] == (
        Change("place", ("pools.list",), "r", at="body:$.ws_url"),
        Change("any", ("pools.*",), "r", gateway_status=403),
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "legacy: http://127.0.0.1:8000",
            "legacy: 127.0.0.1:8000",
            "7: service main: legacy '127.0.0.1:8000' is no URL",
        ),
        (
            "legacy: http://127.0.0.1:8000",
            "legacy: http://a:1/api",
            "7: service main: legacy 'http://a:1/api' carries",
        ),
        ("    authorization: forward\n", "", "6: service main: authorization is missing"),
        ("authorization: forward", "authorization: keep", "8: service main: authorization 'keep' is not known"),
        (
            "    authorization: forward\n",
            "    authorization: forward\n    internal_key: hunter2\n",
            "9: service main: internal_key says only whether the key is sent; write true or false;",
        ),
        ("  side:\n", "  Side:\n", "10: service Side: 'Side' is no name; write lower-case words"),
        ("read: {rate: 10}", "read: {rate: 0}", "15: limit read: rate '0' is not acceptable; write a number above 0"),
        ("read: {rate: 10}", "read: {burst: 1}", "15: limit read: rate is missing"),
        ("read: {rate: 10}", "read: {rate: 1, brust: 2}", "15: limit read: key brust is not known; write burst"),
        ("from: {status: 500}", "from: {status: 5000}", "48: change token: from: status '5000' is not acceptable"),
        ("    to: {status: 401}\n", "", "46: change token: it says neither to: nor at:"),
        ("    to: {status: 401}\n", "    to: {}\n", "49: change token: to says nothing; write to: {status: …}"),
        ("    reason: legacy means 401\n", "", "46: change token: reason is missing"),
        ("    routes: [pools.*]\n", "    routes: []\n", "47: change token: routes names none"),
        ("changes:\n", "changes:\n  - 5\n", "46: change must be a mapping"),
    ],
)
def test_a_wrong_part_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    """And the mend."""
    assert any(line.startswith(problem) for line in changed(old, new)), changed(old, new)


def test_no_value_given_for_a_key_is_shown() -> None:
    """Somebody may have put the key itself there."""
    found = changed("    authorization: forward\n", "    authorization: forward\n    internal_key: hunter2\n")
    assert "hunter2" not in "".join(found)


def test_a_table_without_services_is_a_problem() -> None:
    """Its routes are told about it too."""
    before, _, rest = GOOD.partition("services:\n")
    text = before + "limits:" + rest.partition("limits:")[2]
    assert "1: no service is declared; write services: with at least one entry" in told(text)
