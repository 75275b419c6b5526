from __future__ import annotations

import json

import pytest

from gateway.core.exchange import header
from migrate.probe.sample import NOBODY, filled, sample, with_headers
from tests.apps.probed import inferia, small

TABLE = small()


@pytest.mark.parametrize("route", [route for route in inferia().routes if route.gateway], ids=lambda route: route.id)
def test_every_route_has_a_request_of_its_own(route: object) -> None:
    """The table takes the sample for this route and no other."""
    request = sample(route)  # type: ignore[arg-type]
    found = inferia_exposed(request.method, request.path, upgrade=route.kind == "websocket")  # type: ignore[attr-defined]
    assert found == route.id  # type: ignore[attr-defined]


def inferia_exposed(method: str, path: str, *, upgrade: bool) -> str:
    """The id of the route that the shipped table finds."""
    found = SHIPPED.exposed.find(method, path, upgrade=upgrade)
    return found.route.id if found else ""


SHIPPED = inferia()


def test_scoped_places_hold_the_organisations() -> None:
    """In query and body, once for each, in order; none when there are none."""
    read, write = TABLE.route("pools.list"), TABLE.route("pools.create")
    assert read is not None
    assert write is not None
    assert sample(read, ("a", "b")).target == "/api/v1/pools?owner_id=a&owner_id=b"
    assert sample(read, ()).target == "/api/v1/pools"
    request = sample(write, ("a", "b"))
    assert request.body == b'{"owner_id":"a","owner_id":"b"}'
    assert header(request.headers, "content-length") == str(len(request.body))
    assert json.loads(sample(write, ()).body) == {}


def test_ids_belong_to_nobody() -> None:
    """Every other parameter holds an id that names nothing."""
    route = TABLE.route("pools.get")
    assert route is not None
    assert sample(route).target == f"/api/v1/pools/{NOBODY}"
    assert filled(route.legacy) == f"/pool/{NOBODY}"
    assert with_headers(sample(route), ("a", "b")).headers == (("a", "b"),)
