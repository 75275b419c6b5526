from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.shapes import RUN_TIMES, Course, Phase, Shape

SHAPES = st.sampled_from(list(Shape))


@given(SHAPES, st.floats(1, 500), st.floats(1, 4000), st.floats(1, 10), st.floats(0, 5000))
def test_a_course_never_exceeds_its_most_and_ends_on_time(
    shape: Shape, level: float, run_time: float, spike: float, elapsed: float
) -> None:
    """A level above nothing and at most the announced one while it runs, none afterwards."""
    course = Course(shape, level, run_time, spike)
    found = course.at(elapsed)
    assert (found is None) is (elapsed >= run_time)
    assert found is None or 0 < found <= course.most


@pytest.mark.parametrize("shape", [Shape.STEADY, Shape.SOAK, Shape.KNEE])
def test_one_level_is_held(shape: Shape) -> None:
    """From the first moment to the last, and every moment is judged."""
    course = Course(shape, 8, 100)
    assert {course.at(elapsed) for elapsed in range(100)} == {8}
    assert {course.phase(elapsed) for elapsed in range(100)} == {Phase.JUDGED}


def test_a_ramp_climbs_in_ten_steps() -> None:
    """From a tenth to the whole, each for a tenth of the time."""
    course = Course(Shape.RAMP, 50, 100)
    assert [course.at(elapsed) for elapsed in range(0, 100, 10)] == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]


def test_a_spike_takes_the_middle_third() -> None:
    """Before it everything is judged, in it and shortly after it not, then again."""
    course = Course(Shape.SPIKE, 10, 90, 4)
    assert course.spiked == (30, 60)
    assert [course.at(elapsed) for elapsed in (0, 29, 30, 59, 60, 89)] == [10, 10, 40, 40, 10, 10]
    phases = [course.phase(elapsed) for elapsed in (29, 30, 59, 60, 69, 70, 89)]
    spiked, calm = [Phase.SPIKE] * 2, [Phase.RECOVERY] * 2
    assert phases == [Phase.JUDGED, *spiked, *calm, Phase.JUDGED, Phase.JUDGED]


def test_every_shape_has_its_usual_run_time() -> None:
    """Which is long enough for it."""
    assert set(RUN_TIMES) == set(Shape)
    assert RUN_TIMES[Shape.SOAK] >= 3600
