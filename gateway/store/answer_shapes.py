"""Shapes of legacy's answers to writes, by route and status, as the shadow learned them. No row holds a value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers, AnswerShape
from gateway.store.database import transaction

if TYPE_CHECKING:
    import sqlite3

_PUT = """
INSERT INTO answer_shapes VALUES (?, ?, ?, ?) ON CONFLICT (route, status) DO UPDATE
SET shape = excluded.shape, at = excluded.at
"""


def learn_answers(connection: sqlite3.Connection, answers: Answers, at: float) -> None:
    """Add to what is known, all at once: another shadow on this store may have learned meanwhile."""
    with transaction(connection):
        known = known_answers(connection)
        for (route, status), shape in answers.shapes.items():
            total = known.shapes.get((route, status), AnswerShape()) + shape
            connection.execute(_PUT, [route, status, json.dumps(total.to_json(), separators=(",", ":")), at])


def known_answers(connection: sqlite3.Connection) -> Answers:
    """Everything that was learned."""
    rows = connection.execute("SELECT route, status, shape FROM answer_shapes")
    return Answers({(row[0], row[1]): AnswerShape.from_json(json.loads(row[2])) for row in rows})
