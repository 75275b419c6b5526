from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Verdict
from gateway.store.profile import Profile
from tests.gateway.store.observed import NAME, STATUS, differing, seen

texts = st.sampled_from(["", "a", "b", "rule:x", "ü", '"', "[]"])
profiles = st.builds(
    Profile,
    st.frozensets(st.sampled_from([str(verdict) for verdict in Verdict])),
    st.frozensets(st.tuples(texts, texts), max_size=4),
)


@given(profiles)
def test_a_profile_is_read_back_as_it_was(profile: Profile) -> None:
    """Its text holds all of it."""
    assert Profile.from_text(profile.text) == profile


@given(profiles, profiles)
def test_only_equal_profiles_share_a_name(one: Profile, other: Profile) -> None:
    """The name tells profiles apart."""
    assert (one.name == other.name) == (one == other)


def test_values_are_not_part_of_it() -> None:
    """Observations that differ in the same places have one profile, however often and with whatever values."""
    one = Profile.of(differing(NAME))
    assert one == Profile.of(differing(NAME, subject="bob", at=7.0))
    assert one != Profile.of(differing(NAME, STATUS))
    assert Profile.of(seen()).name == "match"


def test_differences_count_only_where_the_verdict_rests_on_them() -> None:
    """What legacy did not agree on with itself, and what failed, stays so whatever is decided on a signature."""
    assert Profile.of(seen(Verdict.INCONCLUSIVE, differences=(NAME,))) == Profile(frozenset({"inconclusive"}))
    assert Profile.of(seen(Verdict.EXPECTED)) == Profile(frozenset({"expected"}))


def test_names_are_the_same_in_every_process() -> None:
    """Whatever the seed of Python's own hashes; and so are the signatures in them."""
    code = (
        "from tests.gateway.store.observed import NAME, STATUS, differing\n"
        "from gateway.store.profile import Profile\n"
        "print(Profile.of(differing(NAME, STATUS)).name, NAME.signature('r'), STATUS.signature('r'))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path.cwd())},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(said) == 1
    assert Profile.of(differing(NAME, STATUS)).name in said.pop()
