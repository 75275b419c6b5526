"""Noise: what legacy's own variation explains, and what it never does."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.noise import ALPHA, LEAST, Noise, Place, place_of
from gateway.core.observation import Difference, DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 200
READS = 2000


def played(draw: random.Random, legacy: float, gateway: float) -> Iterator[Noise]:
    """What is known after each second read, where legacy and the gateway differ from the first read with these odds.

    Only reads in which just one of the two differed are given: the others change no evidence.
    """
    counts = [0, 0, 0]
    for number in range(READS):
        itself, other = draw.random() < legacy, draw.random() < gateway
        if itself or other:
            counts[0] += itself
            counts[1] += other
            counts[2] += itself and other
            if itself != other:
                yield Noise(number + 1, *counts)


@pytest.mark.proof
@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 0.9])
def test_a_gateway_that_is_no_noisier_than_legacy_is_hardly_ever_called_so(rate: float) -> None:
    """However often one looks: in at most ALPHA of all runs the evidence ever reaches its bound."""
    draw = random.Random(20261128)
    ever = sum(any(tally.excess >= 1 / ALPHA for tally in played(draw, rate, rate)) for _ in range(RUNS))
    assert ever <= ALPHA * RUNS


@pytest.mark.proof
@pytest.mark.parametrize(
    ("legacy", "gateway"), [(0.01, 0.05), (0.05, 0.12), (0.05, 1.0), (0.3, 0.45), (0.5, 0.65), (0.9, 0.97)]
)
def test_what_differs_more_often_than_legacy_with_itself_is_not_hidden(legacy: float, gateway: float) -> None:
    """A gateway with faults of its own in a noisy place is told from noise, in all but one run of a hundred."""
    draw = random.Random(20261129)
    hidden = 0
    for _ in range(RUNS):
        *_, last = played(draw, legacy, gateway)
        hidden += last.explains
    assert hidden <= RUNS / 100


@pytest.mark.proof
def test_a_standing_fault_is_never_explained() -> None:
    """Where the gateway always differs and legacy now and then, no number of reads makes it noise."""
    draw = random.Random(7)
    assert not any(tally.explains for _ in range(50) for tally in played(draw, 0.05, 1.0))


def test_noise_must_be_seen_before_it_explains() -> None:
    """Legacy that agreed with itself explains nothing; nor does one slip, nor two."""
    assert not Noise(1000).explains
    assert [Noise(100, legacy=times).explains for times in range(LEAST + 2)] == [False, False, False, True, True]


def test_a_barred_place_is_never_noise() -> None:
    """What is breaking is not excused by legacy's being just as bad."""
    assert Noise(100, 50, 50, 20).explains
    assert not Noise(100, 50, 50, 20, barred=True).explains


def test_a_value_that_is_new_with_every_read_is_noise() -> None:
    """Both differ each time: the gateway no more often than legacy."""
    assert Noise(10, 10, 10, 10).explains


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 50))
def test_each_fault_of_the_gateways_own_makes_noise_less_likely(legacy: int, gateway: int, more: int) -> None:
    """And each of legacy's alone makes it likelier: the evidence moves one way only."""
    known = Noise(2000, legacy, gateway, 0)
    assert replace(known, gateway=gateway + more).excess >= known.excess
    assert replace(known, legacy=legacy + more).excess <= known.excess


def test_a_place_has_no_direction() -> None:
    """What one side has more the other has less; positions and identities are blanked."""
    extra, missing = (
        place_of("body", "$.items[3].a", kind) for kind in (DifferenceKind.EXTRA, DifferenceKind.MISSING)
    )
    assert extra == missing == Place("body", "$.items[*].a", "missing")


def test_the_signatures_of_a_place_are_those_of_its_differences() -> None:
    """Both directions, and the intermittent ones there; nothing of another kind."""
    place = place_of("body", "$.items[3].a", DifferenceKind.EXTRA)
    kinds = (DifferenceKind.MISSING, DifferenceKind.INTERMITTENT, DifferenceKind.EXTRA)
    assert place.signatures("r") == tuple(Difference("body", "$.items[7].a", kind).signature("r") for kind in kinds)
    order = place_of("body", "$.items", DifferenceKind.ORDER)
    assert len(order.signatures("r")) == 2
