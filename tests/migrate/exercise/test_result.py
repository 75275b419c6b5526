from __future__ import annotations

from migrate.exercise.result import Exercised, ExerciseRun, Outcome

SAME = Exercised("r", "s", "declared", Outcome.SAME)


def test_only_a_run_in_which_all_is_the_same_passes() -> None:
    """Nothing exercised is no yes, and a route left out is none either."""
    assert ExerciseRun((SAME,)).passed
    assert not ExerciseRun(()).passed
    assert not ExerciseRun((SAME,), (("x", "why"),)).passed
    assert not ExerciseRun((SAME, Exercised("r", "t", "stored", Outcome.REFUSED))).passed
    assert ExerciseRun((SAME,), (("x", "why"),)).to_json()["skipped"] == [{"route": "x", "reason": "why"}]
