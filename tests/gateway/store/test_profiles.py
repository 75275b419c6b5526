from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.store.database import open_store
from gateway.store.profile import Profile
from gateway.store.profiles import Profiles

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        yield connection


def of(*signatures: str) -> Profile:
    """A profile with these signatures, open."""
    return Profile(items=frozenset((signature, "") for signature in signatures))


def test_a_name_leads_back_to_its_profile(connection: sqlite3.Connection) -> None:
    """Also for the next writer, and each route and digest has its own."""
    name = Profiles(connection).name("r", "d", of("a"))
    assert Profiles(connection).get("r", "d", name) == of("a")
    assert connection.execute("SELECT route, digest FROM profiles").fetchall() != []
    with pytest.raises(KeyError):
        Profiles(connection).get("r", "other", name)


def test_mixes_of_differences_are_bounded(connection: sqlite3.Connection) -> None:
    """Beyond the bound they share a union, which is explained only when all of them are; verdicts stay apart."""
    profiles = Profiles(connection, most=2)
    first = [profiles.name("r", "d", of(signature)) for signature in "ab"]
    further = {profiles.name("r", "d", of(signature)) for signature in "cde"}
    assert len(further) == 1
    assert profiles.name("r", "d", of("a")) == first[0]
    assert profiles.name("r", "d", Profile(frozenset({"match"}))) == "match"
    assert Profiles(connection).get("r", "d", further.pop()) == of("c", "d", "e")
    assert profiles.name("r", "d", Profile(frozenset({"failed"}), of("x").items)) == "further failed"
