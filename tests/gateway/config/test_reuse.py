"""Which routes may share answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.reuse import Caching
from tests.apps.route_tables import GOOD, table, told

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

ENTRY = """\
  - id: models
    service: main
    legacy: {method} /v1/models
    gateway: {method} /api/v1/models
    effect: {effect}
    access: jwt
    limit: read
{options}
changes:
"""


def text(options: str, method: str = "GET", effect: str = "read") -> str:
    """A file with one more route."""
    lines = "".join(f"    {line}\n" for line in options.split("; ")).rstrip("\n")
    return GOOD.replace("changes:\n", ENTRY.format(method=method, effect=effect, options=lines))


def read(options: str, **more: str) -> Route:
    """That route."""
    loaded: RouteTable = table(text(options, **more))  # type: ignore[assignment]
    found = loaded.route("models")
    assert found
    return found


def test_options_arrive() -> None:
    """Health, coalescing and caching are read; `cache: {}` keeps what the service itself calls fresh."""
    route = read("health: true; coalesce: true; cache: {for: 30s}")
    assert (route.health, route.coalesce, route.cache) == (True, True, Caching(30.0))
    assert read("cache: {}").cache == Caching()
    assert read("health: false").cache is None


def test_a_write_may_name_what_it_makes_useless() -> None:
    """`cache: {drops: …}` without `for` stands on any route."""
    assert read("cache: {drops: [model*, pools.list]}", method="POST", effect="write").cache == Caching(
        0.0, ("model*", "pools.list")
    )


def test_a_write_names_routes_that_are_there() -> None:
    """A slip in `drops` would leave kept answers standing in silence: it is told with the route that was meant."""
    (problem,) = told(text("cache: {drops: [pool.list, model*]}", method="POST", effect="write"))
    assert problem.endswith("route models: drops: 'pool.list' matches no route; write pools.list")


@pytest.mark.parametrize(
    ("options", "more", "problem"),
    [
        ("coalesce: true", {"method": "POST", "effect": "write"}, "coalesce: only a GET route that reads"),
        ("cache: {for: 1s}", {"effect": "metered"}, "only a GET route that reads"),
        ("coalesce: true", {"method": "POST"}, "only a GET route that reads"),
        ("cache: {}; kind: sse", {}, "only a GET route that reads and answers http"),
        ("coalesce: true; rewrites: [ws_url]", {}, "an answer with a rewritten address is good for one caller once"),
        ("health: true", {"effect": "write"}, "a route that asks for health only reads"),
        ("cache: {fresh: 1s}", {}, "key fresh is not known"),
        ("coalesce: maybe", {}, "coalesce"),
    ],
)
def test_what_must_not_be_shared_is_refused(options: str, more: dict[str, str], problem: str) -> None:
    """Writes, metered calls, streams and answers for one caller are never shared."""
    assert any(problem.removeprefix("coalesce: ") in one for one in told(text(options, **more)))
