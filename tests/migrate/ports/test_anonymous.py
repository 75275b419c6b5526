from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from migrate.ports.anonymous import Anonymous, ask
from tests.apps.namespaces import serving
from tests.migrate.ports.tables import table_text

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable


@pytest.fixture
def table(tmp_path: Path) -> RouteTable:
    """A table whose internal address is a port that was free a moment ago."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "cutover.yaml").write_text(table_text(port=port))
    return load_table(tmp_path / "cutover.yaml")


def _port(table: RouteTable) -> int:
    return int(table.services["orchestration"].internal.rpartition(":")[2])


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "accepts"), (401, "refuses"), (403, "refuses"), (500, "refuses")]
)
def test_only_an_answer_that_gives_something_away_accepts(table: RouteTable, status: int, outcome: str) -> None:
    """2xx without a key is anonymous access; 401, 403 and this platform's 500 are refusals."""
    with serving("", _port(table), status) as seen:
        assert ask(table, table.services["orchestration"]) == Anonymous(outcome, "deployments.list", status)
    assert seen == ["/deployment/deployments"]


def test_a_dead_service_is_unreachable(table: RouteTable) -> None:
    """No answer is not taken for a refusal."""
    assert ask(table, table.services["orchestration"]).outcome == "unreachable"


def test_a_service_without_a_plain_read_is_not_asked(table: RouteTable) -> None:
    """Writes and parameters are never guessed; it is only asked whether the service is there."""
    writes = replace(table, routes=tuple(route for route in table.routes if route.id != "deployments.list"))
    assert ask(writes, table.services["orchestration"]) == Anonymous("unreachable")
    with serving("", _port(table)) as seen:
        assert ask(writes, table.services["orchestration"]) == Anonymous("not-asked")
    assert seen == ["/"]
