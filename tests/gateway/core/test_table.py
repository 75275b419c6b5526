from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.path import PathPattern
from gateway.core.routes import Access, Authorization, Effect, Kind, Route, Service, Target
from gateway.core.table import RouteTable

SERVICE = Service("one", "http://a:1", "http://a:1", Authorization.STRIP, "127.0.0.1:1")


def route(name: str, text: str, *, kind: Kind = Kind.HTTP, exposed: bool = True, alias: str = "") -> Route:
    """A route with the same path on both sides."""
    method, path = text.split()
    here = Target(method, PathPattern(path))
    aliases = (Target(method, PathPattern(alias)),) if alias else ()
    access = Access.JWT if exposed else Access.INTERNAL
    return Route(name, "one", here, here if exposed else None, Effect.READ, access, kind=kind, aliases=aliases)


TABLE = RouteTable(
    "demo",
    {"one": SERVICE},
    (
        route("pools.get", "GET /pools/{id}"),
        route("pools.health", "GET /pools/health-check"),
        route("pools.rest", "GET /pools/{rest*}"),
        route("pools.create", "POST /pools", alias="/createpool"),
        route("logs.get", "GET /logs/{id}"),
        route("logs.socket", "GET /logs/{id}", kind=Kind.WEBSOCKET),
        route("nodes.beat", "POST /beat", exposed=False),
    ),
)


def found(method: str, path: str, *, upgrade: bool = False) -> str | None:
    """The id of the route that a gateway call matches."""
    matched = TABLE.exposed.find(method, path, upgrade=upgrade)
    return matched.route.id if matched else None


def test_the_most_specific_route_wins() -> None:
    """A literal before a parameter before a greedy rest."""
    assert found("GET", "/pools/health-check") == "pools.health"
    assert found("GET", "/pools/7") == "pools.get"
    assert found("GET", "/pools/7/more") == "pools.rest"


def test_an_upgrade_finds_sockets_and_nothing_else() -> None:
    """One path may be a page and a socket."""
    assert found("GET", "/logs/1") == "logs.get"
    assert found("GET", "/logs/1", upgrade=True) == "logs.socket"
    assert found("GET", "/pools/1", upgrade=True) is None


def test_internal_routes_are_matched_on_the_legacy_side_only() -> None:
    """The gateway has no path to them."""
    assert found("POST", "/beat") is None
    matched = TABLE.legacy("one").find("POST", "/beat")
    assert matched
    assert matched.route.id == "nodes.beat"


def test_an_alias_is_the_same_route_on_the_legacy_side() -> None:
    """The target that matched is told, and the gateway knows no alias."""
    matched = TABLE.legacy("one").find("POST", "/createpool")
    assert matched
    assert (matched.route.id, matched.target.path.text) == ("pools.create", "/createpool")
    assert found("POST", "/createpool") is None


def test_methods_of_a_path_are_those_that_answer() -> None:
    """For 405 and Allow: sorted, sockets left out."""
    assert TABLE.exposed.methods("/pools") == ["POST"]
    assert TABLE.exposed.methods("/logs/1") == ["GET"]
    assert TABLE.exposed.methods("/nothing") == []


def test_globs_select_exposed_routes_in_table_order() -> None:
    """Each once, and none that is internal."""
    assert [found.id for found in TABLE.select("pools.*", "pools.get", "nodes.*")] == [
        "pools.get",
        "pools.health",
        "pools.rest",
        "pools.create",
    ]
    assert TABLE.route("nodes.beat") is not None
    assert TABLE.route("nothing") is None


SEGMENT = st.sampled_from(["a", "b", "{x}"])


@given(st.lists(st.lists(SEGMENT, min_size=1, max_size=3), min_size=1, max_size=8), st.randoms())
def test_the_match_does_not_depend_on_the_order_of_routes(shapes: list[list[str]], random: object) -> None:
    """Every path has at most one most specific route, however the table is written."""
    names = itertools.count()
    texts = {"/" + "/".join(s if s != "{x}" else f"{{x{i}}}" for i, s in enumerate(shape)) for shape in shapes}
    routes = [route(f"r{next(names)}", f"GET {text}") for text in sorted(texts)]
    shuffled = list(routes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (RouteTable("demo", {"one": SERVICE}, tuple(order)) for order in (routes, shuffled))
    for length in range(1, 4):
        for parts in itertools.product("abc", repeat=length):
            path = "/" + "/".join(parts)
            first, second = one.exposed.find("GET", path), other.exposed.find("GET", path)
            assert (first and first.route.id) == (second and second.route.id)
