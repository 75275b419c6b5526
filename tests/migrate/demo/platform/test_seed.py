"""The seed."""

from __future__ import annotations

import dataclasses

from migrate.demo.platform.seed import Seed


def test_a_seed_survives_json() -> None:
    """A seed reads back unchanged, and absent fields keep their default."""
    seed = dataclasses.replace(Seed(), member_email="x@y.z", foreign=False)
    assert Seed.from_json(seed.to_json()) == seed
    assert Seed.from_json("{}") == Seed()
