from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.store.counts import Served, count_served, put_buckets
from gateway.store.database import open_store
from migrate.observed_mix import observed_mix, recorded, stored
from tests.apps.recordings import entry, har

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


def test_the_store_tells_what_the_shadow_saw(tmp_path: Path) -> None:
    """All buckets of a route add up, unmatched requests are no route; what the gateway served is asked for last."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        count_served(connection, [Served("auth.me", "gateway", 1, 4, 0, 0, 0.1)])
        assert observed_mix("observed", connection, INFERIA) == {"auth.me": 4.0}
        counts = {("users.list", "compared", ""): 3, ("users.list", "shed", "full"): 1, ("", "unmatched", ""): 9}
        put_buckets(connection, "shadow", counts)
        assert stored(connection) == {"users.list": 4}


def test_a_recording_tells_its_calls_without_preflights(tmp_path: Path) -> None:
    """A browser's own questions are not calls of the dashboard."""
    preflight = {"Access-Control-Request-Method": "GET", "Origin": "http://localhost:3001"}
    file = tmp_path / "some.har"
    file.write_bytes(har(entry(), entry(), entry(method="OPTIONS", sent=preflight, text="OK")))
    assert recorded(file, INFERIA) == {"auth.me": 2}


def test_a_mix_that_was_not_observed_is_a_usage_error(tmp_path: Path) -> None:
    """An empty store, a file that is not there, and a recording without calls say so in one line."""
    (tmp_path / "empty.har").write_bytes(har())
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        assert observed_mix("declared", connection, INFERIA) == {}
        for choice in ("observed", str(tmp_path / "empty.har"), "somewhere.har"):
            with pytest.raises(UsageError, match="--mix"):
                observed_mix(choice, connection, INFERIA)
