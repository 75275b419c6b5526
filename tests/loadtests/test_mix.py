from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from gateway.config import load_table
from loadtests.mix import mix_of
from migrate.observed_mix import recorded
from tests.apps.recordings import shipped

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


def test_what_is_left_out_is_named_and_the_rest_keeps_its_proportions() -> None:
    """The shares of the called routes sum to one, and how much of the whole they are is told."""
    mix = mix_of({"auth.me": 60, "users.list": 30, "auth.login": 10}, INFERIA, writes=False, key=False)
    assert mix.shares == {"auth.me": pytest.approx(2 / 3), "users.list": pytest.approx(1 / 3)}
    assert (set(mix.left_out), mix.whole) == ({"auth.login"}, 0.9)


def test_ten_thousand_draws_are_the_recorded_mix() -> None:
    """Each route of the recording is drawn within two percentage points of its share there, left-out ones apart."""
    counts = recorded(shipped("dashboard-session.har"), INFERIA)
    mix = mix_of(counts, INFERIA, writes=True, key=True)
    chance = random.Random(7)
    drawn = Counter(mix.draw(chance) for _ in range(10_000))
    assert set(drawn) == set(mix.weights)
    assert mix.whole > 0.9
    for route, count in counts.items():
        if route not in mix.left_out:
            assert abs(drawn[route] / 10_000 - mix.shares[route]) < 0.02
            assert abs(drawn[route] / 10_000 - count / counts.total()) < 0.02


def test_nothing_observed_is_an_empty_mix() -> None:
    """Routes without a call have no weight."""
    mix = mix_of({"auth.me": 0, "gone": 3}, INFERIA, writes=False, key=False)
    assert (mix.weights, mix.whole) == ({}, 0.0)
