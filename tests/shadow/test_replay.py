from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import load_table
from gateway.core.exchange import Failure
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Authorization, Effect, Kind, Route, Service, ShadowPolicy, Target
from gateway.core.table import RouteTable
from shadow.recording.read import read_recording
from shadow.recording.recorded import Origin, Recorded
from shadow.replay import Account, account, place_all
from tests.apps.recordings import recorded, shipped


def route(route_id: str, method: str, path: str, service: str = "main", **more: object) -> Route:
    """A route with the same path on both sides."""
    target = Target(method, PathPattern(path))
    gateway = Target(method, PathPattern("/api/v1" + path))
    values: dict[str, object] = {"effect": Effect.READ, "access": Access.JWT, **more}
    return replace(Route(route_id, service, target, gateway, Effect.READ, Access.JWT), **values)  # type: ignore[arg-type]


INFERIA = Path(__file__).parent.parent.parent / "migrate" / "presets" / "inferia.yaml"
TABLE = RouteTable(
    "test",
    {
        "main": Service(
            "main", "http://127.0.0.1:8000", "http://127.0.0.1:9000", Authorization.FORWARD, "127.0.0.1:18000"
        ),
        "far": Service("far", "https://api.example.com", "http://10.0.0.1:80", Authorization.STRIP, ""),
    },
    (
        route("me", "GET", "/auth/me"),
        route("save", "PUT", "/things/{id}", effect=Effect.WRITE),
        route("socket", "GET", "/live", kind=Kind.WEBSOCKET),
        route("inner", "POST", "/internal/x", gateway=None, access=Access.INTERNAL, effect=Effect.WRITE),
        route("quiet", "GET", "/quiet", shadow=ShadowPolicy(mode="off")),
        route("models", "GET", "/v1/models", "far"),
    ),
)
ASKING = (("Access-Control-Request-Method", "PUT"), ("Origin", "http://d"))
UPGRADE = (("Upgrade", "websocket"), ("Connection", "Upgrade"))


def counted(*entries: Recorded) -> Account:
    """The account of these exchanges."""
    return account(place_all(entries, TABLE))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.0.0.2", "0.0.0.0", "dash.localhost"])
@pytest.mark.parametrize("port", [8000, 18000])
def test_loopback_names_are_one_host(host: str, port: int) -> None:
    """A service is found by its port under every loopback name, and by the shadow's listener in front of it."""
    entry = replace(recorded(), origin=Origin("http", host, port))
    assert counted(entry).by_route == {"me": 1}


def test_a_service_is_found_by_its_host_and_default_port() -> None:
    """A URL without a port means the scheme's own."""
    entry = replace(recorded("GET", "/v1/models"), origin=Origin("https", "api.example.com", 443))
    assert counted(entry).by_route == {"models": 1}


def test_a_preflight_belongs_to_the_route_it_asks_for() -> None:
    """OPTIONS with Access-Control-Request-Method counts for that method's route."""
    assert counted(recorded("OPTIONS", "/things/1", headers=ASKING)).by_route == {"save": 1}


def test_a_preflight_without_a_route_says_what_it_asked_for() -> None:
    """The reason names the method asked for."""
    entry = recorded("OPTIONS", "/nope", headers=ASKING)
    assert counted(entry).not_routed == {"no route for OPTIONS (asking for PUT) /nope on main": 1}


def test_reasons_are_words() -> None:
    """An unknown path, an unknown host and traffic that is no HTTP are told apart."""
    dns = replace(recorded(), origin=Origin("dns", "", 0))
    result = counted(recorded(target="/nope?x=1", status=404), recorded(port=3001), dns)
    assert result.not_routed == {
        "no route for GET /nope on main": 1,
        "no service at localhost:3001": 1,
        "no HTTP exchange: dns": 1,
    }


def test_a_call_that_legacy_answers_but_no_route_takes_is_a_gap() -> None:
    """A 200 without a route makes the account incomplete; a 404 of legacy's own does not."""
    assert counted(recorded(), recorded(target="/nope", status=404)).complete
    gap = counted(recorded(), recorded(target="/more", status=200))
    assert not gap.complete
    assert gap.gaps == ("no route for GET /more on main",)


def test_a_recording_of_another_platform_is_not_complete() -> None:
    """When nothing at all is routed, the table or the recording is the wrong one."""
    assert not counted(recorded(port=3001)).complete
    assert not counted().complete


def test_addresses_that_the_table_does_not_name_get_a_hint() -> None:
    """One line names some of them and says what to do; without any there is none."""
    assert counted(recorded()).hint == ""
    strangers = counted(*(recorded(port=port) for port in range(3001, 3006)))
    assert strangers.hint.startswith("no service of the route table stands at localhost:3001, localhost:3002, ")
    assert "localhost:3003 and 2 more: " in strangers.hint
    assert "give --config with a table" in strangers.hint
    assert strangers.to_json()["hint"] == strangers.hint


def test_what_a_shadow_would_copy_is_told_by_effect() -> None:
    """Reads are read, writes dry-run, sockets, internal and switched-off routes not copied, with the reason."""
    failed = recorded()
    result = counted(
        recorded(),
        recorded("PUT", "/things/1"),
        recorded("GET", "/live", headers=UPGRADE),
        recorded("POST", "/internal/x"),
        recorded("GET", "/quiet"),
        replace(failed, exchange=replace(failed.exchange, response=Failure("broken"))),
    )
    assert result.copies == {
        "none: off": 2,
        "dry-run": 1,
        "none: no answer recorded": 1,
        "none: websocket": 1,
        "read": 1,
    }
    assert result.buckets == {"unmirrored": 6}


@given(
    st.lists(
        st.builds(
            recorded,
            st.sampled_from(["GET", "PUT", "POST", "OPTIONS", "HEAD"]),
            st.sampled_from(["/auth/me", "/things/a%2Fb", "/live", "/internal/x", "/nope", "", "/auth/me/"]),
            port=st.sampled_from([8000, 18000, 1]),
            headers=st.sampled_from([(), ASKING, UPGRADE]),
            status=st.sampled_from([200, 404, 500]),
        ),
        max_size=30,
    )
)
def test_every_exchange_is_counted_once(entries: list[Recorded]) -> None:
    """Routes plus reasons, and the buckets, each sum to the exchanges."""
    result = counted(*entries)
    assert result.exchanges == len(entries)
    assert sum(result.by_route.values()) + sum(result.not_routed.values()) == len(entries)
    assert sum(result.buckets.values()) == len(entries)
    assert sum(result.copies.values()) == sum(result.by_route.values())


@pytest.mark.parametrize("name", ["dashboard-session.har", "dashboard-session.flow"])
def test_the_shipped_session_is_accounted_for(name: str) -> None:
    """All 297 exchanges have a place; the one call without a route is the API client's own /nope."""
    table = load_table(INFERIA)
    result = account(place_all(read_recording(shipped(name)).entries, table))
    assert result.exchanges == 297
    assert sum(result.by_route.values()) == 296
    assert result.not_routed == {"no route for GET /nope on filtration": 1}
    assert result.complete
    assert result.by_route["inference.chat"] == 8
    assert result.by_route["deployments.log-socket"] == 2
