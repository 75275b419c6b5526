from __future__ import annotations

import pytest

from tests.apps.route_tables import GOOD, told

DELETE = "    gateway: DELETE /api/v1/pools/{id}\n    effect: write\n    access: jwt\n"
MORE = """\
  - {id: side.get, service: side, legacy: "GET /pool/{id}", gateway: "GET /api/v1/side/{id}",
     effect: read, access: jwt}
  - {id: side.node, service: side, legacy: "GET /pool/{id}/{node}", gateway: "GET /api/v1/side/{id}/{node}",
     effect: read, access: jwt}
  - {id: side.own, service: side, legacy: "GET /own/{org}", gateway: "GET /api/v1/own/{org}",
     effect: read, access: jwt,
     scope: [path.org]}
  - {id: side.every, service: side, legacy: GET /every, gateway: GET /api/v1/every, effect: read, access: jwt}
  - {id: side.asked, service: side, legacy: GET /asked, gateway: GET /api/v1/asked, effect: read, access: jwt,
     scope: [body.org]}
  - {id: side.end, service: side, legacy: "POST /end/{id}", gateway: "POST /api/v1/end/{id}",
     effect: write, access: jwt}
  - {id: main.get, service: main, legacy: "GET /m/{id}", gateway: "GET /api/v1/m/{id}", effect: read, access: jwt}
  - {id: main.all, service: main, legacy: GET /all, gateway: GET /api/v1/all, effect: read, access: jwt}
  - {id: main.part, service: main, legacy: "GET /part/{of}", gateway: "GET /api/v1/part/{of}",
     effect: read, access: jwt}
  - {id: inner.get, service: side, legacy: "GET /inner/{id}", effect: read, access: internal}
changes:
"""


def found(scope: str) -> list[str]:
    """The problems of the good table with a scope for deleting pools."""
    return told(GOOD.replace(DELETE, f"{DELETE}    scope: {scope}\n", 1).replace("changes:\n", MORE, 1))


@pytest.mark.parametrize(
    "scope",
    [
        "{lookup: side.get, field: org}",
        "{lookup: inner.get, field: org}",
        "{lookup: side.own, contains: id}",
        "{lookup: main.all, contains: id}",
    ],
)
def test_what_can_be_asked_may_be_looked_up(scope: str) -> None:
    """An owner by one id; a list by the organisation, or from a service that is handed the token."""
    assert found(scope) == []


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ("{lookup: side.gte, field: org}", "lookup 'side.gte' is no route; write side.get"),
        ("{lookup: side.end, field: org}", "side.end is no plain read, and a lookup must change nothing"),
        ("{lookup: logs.socket, field: org}", "logs.socket is no plain read"),
        ("{lookup: side.asked, contains: id}", "side.asked is scoped by its body, and a GET has none"),
        ("{lookup: side.every, contains: id}", "side.every lists what belongs to everybody"),
        ("{lookup: side.every, field: org}", "side.every has no single id in its path"),
        ("{lookup: side.node, field: org}", "side.node has no single id in its path"),
        ("{lookup: main.get, field: org}", "main.get answers each caller in another way"),
        ("{lookup: main.part, contains: id}", "main.part needs of too; look up a route without it"),
    ],
)
def test_what_could_never_be_answered_is_told(scope: str, problem: str) -> None:
    """Before a caller finds out."""
    assert any(problem in line for line in found(scope)), found(scope)
