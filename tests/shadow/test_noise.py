from __future__ import annotations

from gateway.core.noise import Place
from gateway.core.observation import Difference, DifferenceKind
from gateway.store.noise import Seen
from shadow.noise import Places, lesson

NAME = Difference("body", "$[id=7].name", DifferenceKind.CHANGED, "a", "b")
OTHER = Difference("body", "$[id=8].name", DifferenceKind.CHANGED, "c", "d")
MORE = Difference("body", "$[id=9]", DifferenceKind.EXTRA, "", "e")
LESS = Difference("body", "$[id=9]", DifferenceKind.MISSING, "e", "")


def test_a_lesson_counts_places_and_holds_no_value() -> None:
    """However many items differ in a place, it differed once; what comes and goes is one place."""
    made = lesson("r", "d", Places([NAME, OTHER, LESS], [MORE]), at=5.0, reads=1)
    assert (made.route, made.digest, made.at, made.reads) == ("r", "d", 5.0, 1)
    assert made.places == {
        Place("body", "$[*].name", "changed"): Seen(legacy=True, gateway=False),
        Place("body", "$[*]", "missing"): Seen(legacy=True, gateway=True),
    }


def test_a_breaking_place_is_barred() -> None:
    """It is marked, whoever differs there."""
    made = lesson("r", "d", Places((), [NAME], [NAME]), at=5.0, reads=1)
    assert list(made.places.values()) == [Seen(legacy=False, gateway=True, breaking=True)]
