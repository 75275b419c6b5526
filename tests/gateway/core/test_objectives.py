from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.objectives import DEFAULT, EVERY, USUAL, Aim, ClassObjectives, LoadPolicy, promised
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Kind, Route, Target

ROUTE = Route(
    "a.read", "main", Target("GET", PathPattern("/a")), None, Effect.READ, Access.JWT, Kind.HTTP, limit="quick"
)


def test_without_a_table_what_is_usual_holds() -> None:
    """Latency and errors are bounded for every route; a metered one takes longer, and speaks of its first token."""
    assert promised(ROUTE).bounds == USUAL[DEFAULT].bounds
    metered = promised(replace(ROUTE, effect=Effect.METERED, kind=Kind.SSE))
    assert metered.bounds[Aim.P95] == 60.0
    assert metered.bounds[Aim.FIRST_TOKEN] == 5.0
    assert metered.bounds[Aim.ERRORS] == USUAL[DEFAULT].bounds[Aim.ERRORS]


@pytest.mark.parametrize(
    ("classes", "p95"),
    [
        ({"default": 1.0}, 1.0),
        ({"default": 1.0, "read": 2.0}, 2.0),
        ({"quick": 3.0, "read": 2.0, "default": 1.0}, 3.0),
        ({"write": 2.0, "slow": 3.0}, 0.5),
        ({"quick": 3.0, EVERY: 4.0}, 4.0),
    ],
)
def test_the_narrowest_class_counts(classes: dict[str, float], p95: float) -> None:
    """Limit class before effect before default; other classes do not matter."""
    layer = {name: ClassObjectives({Aim.P95: bound}) for name, bound in classes.items()}
    assert promised(ROUTE, layer).bounds[Aim.P95] == p95


def test_a_later_layer_counts_within_a_class_only() -> None:
    """The command line's default does not overrule the table's limit class, its own limit class does."""
    table = {"quick": ClassObjectives({Aim.P95: 3.0})}
    assert promised(ROUTE, table, {DEFAULT: ClassObjectives({Aim.P95: 9.0})}).bounds[Aim.P95] == 3.0
    assert promised(ROUTE, table, {"quick": ClassObjectives({Aim.P95: 9.0})}).bounds[Aim.P95] == 9.0


def test_none_takes_an_inherited_bound_away() -> None:
    """And with it the demand that it be proven."""
    layer = {
        DEFAULT: ClassObjectives({}, frozenset({Aim.P99, Aim.ERRORS})),
        "quick": ClassObjectives({Aim.P99: None}),
    }
    found = promised(ROUTE, layer)
    assert Aim.P99 not in found.bounds
    assert found.required == {Aim.ERRORS}


def test_what_is_promised_of_streams_is_promised_of_streams_only() -> None:
    """A route that is no event stream has no first token."""
    layer = {DEFAULT: ClassObjectives({Aim.FIRST_TOKEN: 1.0, Aim.TOKEN_GAP: 0.1}, frozenset({Aim.FIRST_TOKEN}))}
    assert not promised(ROUTE, layer).required
    stream = promised(replace(ROUTE, kind=Kind.SSE), layer)
    assert (stream.bounds[Aim.TOKEN_GAP], stream.required) == (0.1, {Aim.FIRST_TOKEN})


def test_exempt_routes_are_named_by_globs() -> None:
    """An id is a glob that matches itself."""
    policy = LoadPolicy(exempt=("auth.*", "a.read"))
    assert [policy.is_exempt(route) for route in ("auth.login", "a.read", "b.read")] == [True, True, False]
