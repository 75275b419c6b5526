from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.audit import Result, put_result
from reports.nouns import Probed
from reports.probed import by_route, of
from tests.reports.builders import store

if TYPE_CHECKING:
    from pathlib import Path

BODY = {
    "digests": {"a": "1", "b": "2"},
    "results": [
        {"probe": "anonymous", "route": "a", "passed": True},
        {"probe": "forged", "route": "a", "passed": False},
    ],
    "not_asked": [{"probe": "identity", "route": "b", "reason": "no token"}],
}


def test_a_run_is_read_route_by_route() -> None:
    """Names of probes by how they ended, with the digest the route had."""
    found = of(Result("r", "probe", 7.0, passed=False, body=BODY))
    assert found == {
        "a": Probed("r", 7.0, "1", ("anonymous",), ("forged",)),
        "b": Probed("r", 7.0, "2", not_asked=("identity",)),
    }


def test_the_latest_run_of_each_route_counts(tmp_path: Path) -> None:
    """A later run of one route leaves what is known of the other."""
    filled = store(tmp_path)
    put_result(filled.db, Result("old", "probe", 1.0, passed=False, body=BODY))
    put_result(filled.db, Result("new", "probe", 2.0, passed=True, body={"digests": {"a": "3"}}))
    put_result(filled.db, Result("other", "probe-legacy", 3.0, passed=True, body=BODY))
    assert {route: found.run for route, found in by_route(filled.db).items()} == {"a": "new", "b": "old"}
