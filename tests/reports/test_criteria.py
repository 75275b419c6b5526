from __future__ import annotations

from itertools import pairwise

from gateway.core.routes import Stage
from reports.criteria import STEPS, TO_CANARY, failed, passed


def test_steps_are_the_order_of_the_migration() -> None:
    """Each step leads from a stage to the very next one, from legacy to closed."""
    assert [(step.before, step.after) for step in STEPS] == list(pairwise(Stage))
    assert str(TO_CANARY) == "shadow → canary"


def test_a_finding_names_what_is_missing_exactly_when_it_fails() -> None:
    """A passed finding misses nothing."""
    assert passed("a", "seen").missing_text == ""
    assert (failed("a", "seen", "more").passed, failed("a", "seen", "more").missing_text) == (False, "more")
