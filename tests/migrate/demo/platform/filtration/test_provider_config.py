"""Provider keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.filtration.provider_config import masked, merged

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/management/config/providers"


async def test_masks_that_come_back_leave_the_secret(call: Call, world: World, seed: Seed) -> None:
    """The dashboard sends what it was shown; the stored secret survives, other fields change."""
    shown = (await call("filtration", "GET", PATH, who="admin")).json()
    assert shown["providers"]["depin"]["nosana"]["api_key"] == "nos_...7890"
    shown["providers"]["cloud"]["aws"]["region"] = "eu-west-1"
    saved = await call("filtration", "POST", PATH, who="admin", json=shown)
    assert saved.json() == {"status": "ok", "message": "Configuration saved to database"}
    assert world.providers["depin"]["nosana"]["api_key"] == seed.nosana_key
    assert world.providers["cloud"]["aws"]["region"] == "eu-west-1"
    assert (await call("filtration", "POST", PATH, who="member", json=shown)).status_code == 403


def test_secrets_are_masked_and_settings_are_not() -> None:
    """A short secret shows nothing, a long one its ends; addresses and nulls stay."""
    value = {"api_key": "short", "secret": "abcdefghijkl", "url": "http://localhost:8000", "tenant": None}
    assert masked(value) == value | {"api_key": "...", "secret": "abcd...ijkl"}


def test_merging_follows_the_new_value() -> None:
    """Only a mask brings the old text back."""
    assert merged({"a": "old", "b": "old"}, {"a": "x...y", "b": "new"}) == {"a": "old", "b": "new"}
    assert merged(None, {"a": {"b": 1}}) == {"a": {"b": 1}}
