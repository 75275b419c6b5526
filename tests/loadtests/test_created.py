from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loadtests.account import Session
from loadtests.created import Created
from loadtests.ledger import still_open
from loadtests.plan import LoadPlan
from loadtests.prepare import prepare
from loadtests.workload import Workload
from tests.loadtests.test_sweep import answering, prepared

if TYPE_CHECKING:
    from pathlib import Path

SESSION = Session("t", "org")


def test_a_given_key_is_taken_and_none_is_made(tmp_path: Path) -> None:
    """With CUTOVER_LOAD_API_KEY nothing is created, so nothing is cleaned."""
    found = prepared(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    plan = LoadPlan(found.plan.config, workload=Workload({"api": 1}))
    variables = {"CUTOVER_LOAD_API_KEY": "sk-given"}
    created = Created(prepare(plan, variables), variables, None)
    assert (created.make_key(SESSION), created.key) == ("", "sk-given")
    assert created.clean([SESSION]).deleted == 0


def test_a_key_that_cannot_be_created_is_told(tmp_path: Path) -> None:
    """The reason is in words, and what may have been made all the same is in the ledger."""
    with answering([], status=403) as (gateway, _):
        created = Created(prepared(tmp_path, gateway, "http://127.0.0.1:9"), {}, tmp_path)
        assert created.make_key(SESSION) == "no API key could be created: the platform answered 403"
    assert created.key == ""
    assert len(still_open(tmp_path)) == 1


def test_what_other_processes_made_is_cleaned_too(tmp_path: Path) -> None:
    """The ledgers of the directory are read together; afterwards none is open."""
    rows: list[dict[str, Any]] = []
    with answering(rows) as (gateway, asked):
        run = prepared(tmp_path, gateway, "http://127.0.0.1:9")
        mine, other = Created(run, {}, tmp_path), Created(run, {}, tmp_path)
        name = other.ledger.begin("API key")
        other.ledger.made(name, "k-7")
        rows.append({"name": name, "id": "k-7", "is_active": True})
        assert mine.clean([SESSION]).left == ()
    assert rows == []
    assert any("DELETE /api/v1/api-keys/k-7" in line for line in asked)
