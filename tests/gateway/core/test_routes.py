from __future__ import annotations

from dataclasses import replace

from gateway.core.path import PathPattern
from gateway.core.routes import (
    Access,
    Authorization,
    Effect,
    Lookup,
    Move,
    Place,
    Route,
    Service,
    Stage,
    Target,
    Where,
)

LEGACY = Target("POST", PathPattern("/deployment/deploy"))
ALIAS = Target("POST", PathPattern("/deploy"))
ROUTE = Route("deployments.create", "orchestration", LEGACY, None, Effect.WRITE, Access.INTERNAL, aliases=(ALIAS,))


def test_stages_stand_in_the_order_of_the_migration() -> None:
    """legacy, shadow, canary, gateway, closed."""
    assert [stage.rank for stage in Stage] == [0, 1, 2, 3, 4]
    assert [str(stage) for stage in Stage] == ["legacy", "shadow", "canary", "gateway", "closed"]


def test_targets_and_places_are_written_as_in_the_file() -> None:
    """Their text can be pasted back into cutover.yaml."""
    assert str(LEGACY) == "POST /deployment/deploy"
    assert str(Place(Where.BODY, "deployment_id")) == "body.deployment_id"


def test_a_route_rolls_out_with_its_service_unless_it_names_a_group() -> None:
    """One person is not split within a group."""
    assert ROUTE.rollout_group == "orchestration"
    grouped = Route("a", "s", LEGACY, None, Effect.READ, Access.INTERNAL, group="deployments")
    assert grouped.rollout_group == "deployments"


def test_legacy_targets_begin_with_the_platforms_own() -> None:
    """Aliases follow it."""
    assert ROUTE.legacy_targets == (LEGACY, ALIAS)


def test_a_document_stands_in_a_file_unless_somebody_is_asked_for_it() -> None:
    """A path is asked of the service, a URL of whoever it names; without a document there is no file."""
    service = Service("s", "http://a", "http://a", Authorization.STRIP, "")
    places = ("docs/a.json", "", "/openapi.json", "http://docs/a.json", "https://docs.example/a.json")
    assert [replace(service, openapi=place).openapi_is_a_file for place in places] == [
        True,
        False,
        False,
        False,
        False,
    ]


def test_a_body_is_needed_where_a_place_stands_in_it() -> None:
    """Moved, scoped, one's own or looked up; a place in path or query needs none."""
    body, path = Place(Where.BODY, "id"), Place(Where.PATH, "id")
    needing = [
        {"scope": (body,)},
        {"own": (body,)},
        {"lookups": (Lookup("a.get", ("org",), body),)},
        {"moves": (Move(body, path),)},
        {"moves": (Move(path, body),)},
    ]
    assert all(replace(ROUTE, **changes).needs_body for changes in needing)  # type: ignore[arg-type]
    other = [{}, {"scope": (path,)}, {"own": (path,)}, {"lookups": (Lookup("a.get", ("org",), path),)}]
    assert not any(replace(ROUTE, **changes).needs_body for changes in other)  # type: ignore[arg-type]
