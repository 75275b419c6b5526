from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers, AnswerShape, Node
from gateway.store.answer_shapes import known_answers, learn_answers
from gateway.store.database import open_store

if TYPE_CHECKING:
    from pathlib import Path

ONE = AnswerShape(1, frozenset({"application/json"}), {"$": Node(1, frozenset({"object"}), 1)})


def test_what_two_shadows_learn_is_added_up(tmp_path: Path) -> None:
    """Each adds to what the store holds, whatever it knew itself; routes and statuses stay apart."""
    with closing(open_store(tmp_path / "c.db")) as first, closing(open_store(tmp_path / "c.db")) as second:
        assert known_answers(first) == Answers()
        learn_answers(first, Answers({("a", 201): ONE}), 1.0)
        learn_answers(second, Answers({("a", 201): ONE, ("a", 400): ONE}), 2.0)
        known = known_answers(first)
    assert known == Answers({("a", 201): ONE + ONE, ("a", 400): ONE})
