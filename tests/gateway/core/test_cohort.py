from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cohort import in_cohort, position

TEXT = st.text(max_size=40)
PERCENT = st.floats(0, 100, allow_nan=False)


@given(TEXT, TEXT, TEXT, PERCENT, PERCENT)
def test_whoever_is_in_stays_in_at_every_greater_share(
    salt: str, group: str, subject: str, one: float, other: float
) -> None:
    """Cohorts are monotone in percent."""
    low, high = sorted((one, other))
    if in_cohort(salt, group, subject, percent=low):
        assert in_cohort(salt, group, subject, percent=high)


@given(TEXT, TEXT, TEXT)
def test_nobody_is_in_at_0_and_everybody_at_100(salt: str, group: str, subject: str) -> None:
    """The two ends of the scale mean what they say."""
    assert not in_cohort(salt, group, subject, percent=0)
    assert in_cohort(salt, group, subject, percent=100)
    assert 0 <= position(salt, group, subject) <= 100


def test_shares_are_uniform() -> None:
    """Of 20 000 subjects each tenth of the scale holds a tenth, within four standard deviations."""
    tenths = [0] * 10
    for number in range(20_000):
        tenths[int(position("salt", "orchestration", f"user-{number}") // 10)] += 1
    assert all(abs(count - 2000) < 4 * (20_000 * 0.1 * 0.9) ** 0.5 for count in tenths)


def test_groups_and_salts_are_independent() -> None:
    """Of those in one group's half, about half are in another group's or salt's half."""
    subjects = [f"user-{number}" for number in range(4000)]
    first = [subject for subject in subjects if position("salt", "a", subject) < 50]
    for salt, group in (("salt", "b"), ("other", "a")):
        both = sum(position(salt, group, subject) < 50 for subject in first)
        assert abs(both / len(first) - 0.5) < 0.05


def test_named_users_and_organisations_are_in_at_any_share() -> None:
    """A named subject or organisation is served at 0 %; an empty organisation is nobody's."""
    assert in_cohort("s", "g", "u1", percent=0, named=("user:u1",))
    assert in_cohort("s", "g", "u2", percent=0, organisation="o1", named=("org:o1",))
    assert not in_cohort("s", "g", "u2", percent=0, organisation="", named=("org:",))
    assert not in_cohort("s", "g", "u2", percent=0, organisation="o2", named=("org:o1", "user:u1"))


def test_the_place_of_a_subject_is_the_same_in_every_process() -> None:
    """Neither hash seed nor process decides who is in."""
    code = "from gateway.core.cohort import position; print(repr(position('salt', 'filtration', 'user-7')))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "99"},
        cwd=Path(__file__).parents[3],
    )
    assert float(done.stdout) == position("salt", "filtration", "user-7")
