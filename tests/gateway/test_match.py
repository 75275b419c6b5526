"""Matching."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Request
from gateway.core.routes import Kind
from gateway.match import match
from gateway.problem import Moved, NotAllowed, NotFound
from tests.apps.table import route, table

TABLE = table(
    "http://s",
    route("list", "compute", "GET /things", "GET /api/things"),
    route("make", "compute", "POST /things", "POST /api/things"),
    route("get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("socket", "compute", "GET /s", "GET /api/things/{id}", kind=Kind.WEBSOCKET),
)


def test_method_path_and_upgrade_decide() -> None:
    """The same path is another route with another method or an upgrade."""
    assert match(TABLE, Request("GET", "/api/things?x")).route.id == "list"
    assert match(TABLE, Request("POST", "/api/things")).route.id == "make"
    assert match(TABLE, Request("GET", "/api/things/1")).parameters == {"id": "1"}
    assert match(TABLE, Request("GET", "/api/things/1"), upgrade=True).route.id == "socket"


def test_preflight_belongs_to_the_method_it_asks_for() -> None:
    """OPTIONS with Access-Control-Request-Method finds the route of that method."""
    asked = Request("OPTIONS", "/api/things", (("Access-Control-Request-Method", "POST"),))
    assert match(TABLE, asked).route.id == "make"


def test_known_path_with_another_method_names_the_methods() -> None:
    """405 lists what the path answers."""
    with pytest.raises(NotAllowed) as refused:
        match(TABLE, Request("HEAD", "/api/things"))
    assert refused.value.headers == (("allow", "GET, POST"),)


def test_trailing_slash_is_redirected_with_its_query() -> None:
    """A known path with slashes at its end moves to the one without, the query kept raw."""
    with pytest.raises(Moved) as moved:
        match(TABLE, Request("GET", "/api/things/?a=%2B&a=1"))
    assert moved.value.headers == (("location", "/api/things?a=%2B&a=1"),)


@pytest.mark.parametrize(
    ("method", "target", "upgrade"),
    [("GET", "/nope", False), ("GET", "/", False), ("PUT", "/api/things/", False), ("GET", "/api/things", True)],
)
def test_unknown_is_not_found(method: str, target: str, upgrade: bool) -> None:  # noqa: FBT001 - a table row
    """What no route has is 404."""
    with pytest.raises(NotFound):
        match(TABLE, Request(method, target), upgrade=upgrade)
