from __future__ import annotations

import pytest

from tests.apps.route_tables import GOOD, changed, told


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "id: pools.delete",
            "id: pools.list",
            "25: route pools.list is already on line 18; give one of them another id",
        ),
        (
            "    service: side",
            "    service: sied",
            "33: route logs.socket: service 'sied' is not declared; write side",
        ),
        (
            "    effect: read\n",
            "    effect: read\n    limit: inference\n",
            "23: route pools.list: limit class 'inference' is not declared; write one of: read, write",
        ),
        (
            "legacy: path.owner_id",
            "legacy: path.owner",
            "24: route pools.list: legacy path.owner names no parameter of GET /listPools/{owner_id};",
        ),
        (
            "gateway: query.owner_id",
            "gateway: path.owner_id",
            "24: route pools.list: gateway path.owner_id names no parameter of GET /api/v1/pools;",
        ),
        (
            "gateway: DELETE /api/v1/pools/{id}",
            "gateway: DELETE /api/v1/pools/{pool}",
            "29: route pools.delete: nothing in POST /deletepool/{id} supplies {pool} of DELETE",
        ),
        (
            "    moves: [{legacy: path.owner_id, gateway: query.owner_id}]\n",
            "",
            "20: route pools.list: nothing in GET /api/v1/pools supplies {owner_id} of GET /listPools/{owner_id};",
        ),
        (
            "aliases: POST /dropPool/{id}",
            "aliases: POST /dropPool/{id}/{why}",
            "28: route pools.delete: {why} of the alias POST /dropPool/{id}/{why} goes nowhere; name it",
        ),
        (
            "legacy: POST /deletepool/{id}",
            "legacy: POST /deletepool/{id*}",
            "27: route pools.delete: {id*} takes several segments on one side only;",
        ),
        (
            "gateway: DELETE /api/v1/pools/{id}",
            "gateway: DELETE /api/v1/pools/{id*}",
            "27: route pools.delete: {id*} takes several segments on one side only;",
        ),
        (
            "routes: [pools.*]",
            "routes: [pools.*, pool.list]",
            "46: change token: 'pool.list' matches no route; write pools.list",
        ),
        (
            "routes: [pools.*]",
            "routes: [zzz]",
            "46: change token: 'zzz' matches no route; write a route id or a glob like deployments.*",
        ),
        (
            "legacy: POST /beat",
            "legacy: POST /dropPool/{node}",
            "42: route nodes.beat: POST /dropPool/{node} on service main is already route pools.delete on line 28;",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(old: str, new: str, problem: str) -> None:
    """Names, parameters, listeners and globs are held against each other."""
    assert any(line.startswith(problem) for line in changed(old, new)), changed(old, new)


def test_two_routes_with_one_gateway_path_name_both_lines() -> None:
    """Shapes are compared: the names of parameters tell nothing apart."""
    text = GOOD.replace("gateway: GET /api/v1/pools\n", "gateway: DELETE /api/v1/pools/{x}\n")
    assert (
        "29: route pools.delete: DELETE /api/v1/pools/{id} on the gateway is already route pools.list on line 21;"
    ) in "\n".join(told(text))


def test_a_page_and_a_socket_may_share_a_path() -> None:
    """The upgrade tells them apart."""
    assert told(GOOD.replace("DELETE /api/v1/pools/{id}", "GET /api/v1/pools/{id}")) == []


def test_ports_that_are_chosen_when_bound_never_meet() -> None:
    """Port 0 may stand in every listener."""
    text = GOOD.replace("127.0.0.1:18000", "127.0.0.1:0").replace("127.0.0.1:13000", "127.0.0.1:0")
    assert told(text) == []


def test_a_parameter_moved_twice_is_a_problem() -> None:
    """On either side."""
    twice = "moves: [{legacy: path.owner_id, gateway: query.a}, {legacy: path.owner_id, gateway: query.b}]"
    assert any(
        "legacy path.owner_id is moved twice" in line
        for line in changed("moves: [{legacy: path.owner_id, gateway: query.owner_id}]", twice)
    )


def test_a_change_id_stands_once() -> None:
    """So that a report can name it."""
    again = "  - {id: token, routes: pools.list, to: {status: 400}, reason: x}\n"
    assert any("change token is already on line 46" in line for line in told(GOOD + again))


def test_a_class_that_nobody_declares_is_told_where_it_belongs() -> None:
    """Without any limit class the mend names no empty choice."""
    found = changed("limits:\n  read: {rate: 10}\n  write: {rate: 5}\n", "")
    assert "15: route pools.list: limit class 'read' is not declared; none is declared: name it under limits" in found
