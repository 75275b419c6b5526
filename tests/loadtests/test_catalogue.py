from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_table
from gateway.core.routes import Effect
from loadtests.calls import route_of
from loadtests.catalogue import NEVER, calls_by_route, refusal, socket_route, upload_route, written
from loadtests.pages import plain_read

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


def said(route: str, *, writes: bool = True, key: bool = True, left_out: tuple[str, ...] = ()) -> str:
    """Why the route is not called."""
    return refusal(INFERIA, route, writes=writes, key=key, left_out=left_out)


def test_each_call_stands_for_its_own_route() -> None:
    """The catalogue finds for a route a call which the table gives to that route."""
    for route, call in calls_by_route(INFERIA).items():
        found = route_of(INFERIA, call)
        assert found is not None
        assert found.id == route


def test_every_exposed_read_is_called_or_has_a_reason() -> None:
    """What is not called is never silent: all routes of the shipped table have a call or a reason."""
    silent = [
        route.id
        for route in INFERIA.routes
        if not said(route.id) and route.id not in {*calls_by_route(INFERIA), *written(INFERIA)}
        if route.id not in {upload_route(INFERIA), socket_route(INFERIA)}
    ]
    assert silent == []
    assert all(not said(route.id) for route in INFERIA.routes if plain_read(route) and route.id not in NEVER)


@pytest.mark.parametrize(
    ("route", "reason", "options"),
    [
        ("auth.login", "five sign-ins", {}),
        ("users.create", "cannot be undone", {}),
        ("api-keys.create", "--writes", {"writes": False}),
        ("knowledge.upload", "--writes", {"writes": False}),
        ("inference.chat", "CUTOVER_LOAD_API_KEY", {"key": False}),
        ("internal.heartbeat", "internal", {}),
        ("auth.me", "does not serve it yet", {"left_out": ("auth.me",)}),
        ("gone.route", "no such route", {}),
    ],
)
def test_reasons_say_what_stands_in_the_way(route: str, reason: str, options: dict[str, bool]) -> None:
    """Limits, writes, keys and stages each have their own words."""
    assert reason in said(route, **options)  # type: ignore[arg-type]


def test_writes_are_those_that_can_be_undone() -> None:
    """Every route that writes and is called creates, uses or deletes a thing of the test's own."""
    found = written(INFERIA)
    assert {"api-keys.create", "api-keys.delete", "deployments.terminate", "pools.delete"} <= set(found)
    for name in found:
        route = INFERIA.route(name)
        assert route is not None
        assert route.effect is Effect.WRITE
