from __future__ import annotations

from gateway.config import load_table, problems
from gateway.core.retention import USUAL, Retention
from tests.apps.route_tables import GOOD, written


def test_what_is_kept_is_read() -> None:
    """Both numbers; where nothing is said, what is usual."""
    assert load_table(written(GOOD), {}).retention == USUAL
    assert load_table(written(GOOD + "store: {samples: 7, digests: 1}\n"), {}).retention == Retention(7, 1)


def test_what_cannot_be_kept_is_told() -> None:
    """With the line and the bounds."""
    found = problems(written(GOOD + "store: {samples: 3, digest: 2}\n"), {})
    assert len(found) == 2
    assert {problem.line for problem in found} == {len(GOOD.splitlines()) + 1}
    assert "4" in found[0].message + found[0].mend
