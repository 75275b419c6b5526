from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.core.noise import Noise, Place
from gateway.store import noise as module
from gateway.store.database import open_store
from gateway.store.noise import KEPT, Lesson, Seen, learn, learned

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NAME, ORDER = Place("body", "$[*].name", "changed"), Place("body", "$", "order")


def lesson(at: float = 1.0, digest: str = "d", **places: tuple[bool, bool, bool]) -> Lesson:
    """A lesson; `name` and `order` say who differed there, and whether it was breaking."""
    known = {"name": NAME, "order": ORDER}
    return Lesson("r", digest, at, {known[key]: Seen(*seen) for key, seen in places.items()})


def test_what_was_learned_is_still_known_after_a_restart(tmp_path: Path) -> None:
    """Reads and places are counted per route and digest, and found again in a store that was closed."""
    path = tmp_path / "c.db"
    with closing(open_store(path)) as connection:
        learn(connection, [lesson(name=(True, False, False), order=(True, True, False)), lesson()])
        learn(connection, [lesson(order=(False, True, True)), lesson(digest="e")])
    with closing(open_store(path)) as connection:
        assert learned(connection) == {
            ("r", "d", NAME): Noise(3, 1, 0, 0),
            ("r", "d", ORDER): Noise(3, 1, 2, 1, barred=True),
        }


def test_a_breaking_place_is_barred_without_a_second_read(tmp_path: Path) -> None:
    """It counts as no read; from then on nothing excuses what stands there."""
    barring = Lesson("r", "d", 2.0, {NAME: Seen(legacy=False, gateway=False, breaking=True)}, reads=0)
    with closing(open_store(tmp_path / "c.db")) as connection:
        learn(connection, [lesson(name=(True, True, False)), barring])
        assert learned(connection) == {("r", "d", NAME): Noise(1, 1, 1, 1, barred=True)}


def test_places_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound no place is added, and those known go on being counted."""
    monkeypatch.setattr(module, "PLACES", 1)
    with closing(open_store(tmp_path / "c.db")) as connection:
        learn(connection, [lesson(name=(True, True, False))])
        learn(connection, [lesson(name=(True, True, False), order=(True, True, False))])
        assert learned(connection) == {("r", "d", NAME): Noise(2, 2, 2, 2)}


def test_what_was_learned_beside_an_older_gateway_goes_in_time(tmp_path: Path) -> None:
    """A month after it was last seen, when the route's present digest is learned about."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        learn(connection, [lesson(digest="old", name=(True, True, False))])
        learn(connection, [lesson(at=KEPT, name=(True, True, False))])
        assert {key[1] for key in learned(connection)} == {"old", "d"}
        learn(connection, [lesson(at=KEPT + 2, name=(True, True, False))])
        assert {key[1] for key in learned(connection)} == {"d"}
