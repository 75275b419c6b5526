from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from loadtests.calls import Call, Learn, learned, ready, route_of, time_range
from tests.apps.load_target import table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable


@pytest.fixture
def small(tmp_path: Path) -> RouteTable:
    """The table of the small load target."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    return load_table(tmp_path / "cutover.yaml")


def test_both_sides_come_from_the_route_table(small: RouteTable) -> None:
    """A call is written once, on its legacy path; the gateway's form has moved parameters at their place."""
    found = ready(small, Call("orchestration", "/deployment/listPools/{org}"), {"org": "o-1"})
    assert found is not None
    assert (found.route.id, found.at("legacy").target, found.at("gateway").target) == (
        "pools.list",
        "/deployment/listPools/o-1",
        "/api/v1/pools?org=o-1",
    )


@pytest.mark.parametrize(
    "call",
    [
        Call("orchestration", "/deployment/status/{deployment}"),
        Call("orchestration", "/nowhere"),
        Call("sidecar", "/health"),
    ],
)
def test_what_cannot_be_asked_is_not_ready(small: RouteTable, call: Call) -> None:
    """An unknown variable, an unrouted path or an unknown service gives nothing to send."""
    assert ready(small, call, {}) is None


def test_answers_teach_variables() -> None:
    """Ids are taken from lists at the root or in a member; anything else teaches nothing."""
    body = b'{"deployments": [{"deployment_id": "d-1"}, {"deployment_id": null}, {"deployment_id": "d-2"}]}'
    assert learned(Learn("deployment", "deployments", "deployment_id"), body) == ("d-1", "d-2")
    assert learned(Learn("collection"), b'["handbook", 3]') == ("handbook",)
    for useless in (b"", b"<html>", b"[]", b"{}", b'{"deployments": {}}', b"null"):
        assert learned(Learn("deployment", "deployments", "deployment_id"), useless) == ()


def test_the_time_range_is_written_as_the_dashboard_does() -> None:
    """ISO 8601 with milliseconds and Z, seven days apart."""
    found = time_range(1_795_376_557.330)
    assert found == {"start": "2026-11-15T19:42:37.330Z", "end": "2026-11-22T19:42:37.330Z"}


def test_variables_stand_in_bodies_and_are_quoted_in_paths(small: RouteTable) -> None:
    """A body keeps the value as it is; in a path it is one segment whatever it holds."""
    sent = ready(
        small, Call("filtration", "/auth/login", method="POST", body={"a": ["{name}"], "n": 1}), {"name": 'x"y'}
    )
    assert sent is not None
    assert (sent.gateway.method, json.loads(sent.gateway.body)) == ("POST", {"a": ['x"y'], "n": 1})
    read = ready(small, Call("orchestration", "/deployment/status/{id}"), {"id": "a b/c"})
    assert read is not None
    assert read.legacy.target == "/deployment/status/a%20b%2Fc"


def test_a_call_has_a_route_before_its_variables_are_known(small: RouteTable) -> None:
    """What will be called can be said before anything was learned."""
    found = route_of(small, Call("orchestration", "/deployment/status/{id}"))
    assert found is not None
    assert found.id == "deployments.get"
    assert route_of(small, Call("orchestration", "/nowhere/{id}")) is None
