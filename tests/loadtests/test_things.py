from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.config import load_table
from loadtests.calls import PREFIX, route_of
from loadtests.things import API_KEY, PAGE, THINGS, creatable
from tests.apps.load_target import table

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_whatever_is_created_can_be_named_found_and_deleted(thing: object) -> None:
    """Each kind carries the run's name, and the shipped table has its create, its list and its delete."""
    assert thing in creatable(INFERIA)
    assert "name" in thing.create.names  # type: ignore[attr-defined]
    assert "id" in thing.delete.names  # type: ignore[attr-defined]
    for call in (thing.create, thing.delete, thing.listed, *thing.acts):  # type: ignore[attr-defined]
        assert route_of(INFERIA, call) is not None


def test_what_cannot_be_undone_is_not_created(tmp_path: Path) -> None:
    """Without a route for the delete, or while that is left out, there is no such kind."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    assert creatable(load_table(tmp_path / "cutover.yaml")) == ()
    assert API_KEY not in creatable(INFERIA, ("api-keys.delete",))


def test_lists_tell_names_and_ids_of_the_living() -> None:
    """Items of other names and those that count as deleted are passed over."""
    body = [
        {"name": f"{PREFIX}a-1", "id": "k-1", "is_active": True},
        {"name": f"{PREFIX}a-2", "id": "k-2", "is_active": False},
        {"name": "somebody's", "id": "k-3", "is_active": True},
    ]
    assert API_KEY.found(json.dumps(body).encode(), PREFIX) == ((f"{PREFIX}a-1", "k-1"),)
    assert (API_KEY.paged, f"limit={PAGE}" in API_KEY.listed.target) == (True, True)


def test_a_list_that_is_none_is_not_an_empty_list() -> None:
    """Nothing follows from an answer that is no list."""
    with pytest.raises(ValueError, match="no list"):
        API_KEY.found(b"<html>", PREFIX)


def test_the_create_tells_the_id() -> None:
    """From the answer's member, or the name itself where that is the id; an odd answer tells none."""
    template = next(thing for thing in THINGS if thing.name == "template")
    assert (API_KEY.made(b'{"id": "k-1"}', "n"), template.made(b"{}", "n")) == ("k-1", "n")
    assert (API_KEY.made(b"[]", "n"), API_KEY.made(b"oops", "n")) == ("", "")
