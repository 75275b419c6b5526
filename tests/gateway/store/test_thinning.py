from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.routes import Stage
from gateway.flags.store import FlagStore
from gateway.store.counts import Served, count_served, served
from gateway.store.database import open_store
from gateway.store.dialect import gather_in, transaction
from gateway.store.thinning import BY_DAY, BY_HOUR, cell, thin, thin_hourly
from reports.aggregate import served_since, stage_since

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION_1 = Path(__file__).with_name("version_1.sql")
HOUR, DAY = 60, 1_440
NOW = 30_000_000
"""A minute early in 2027."""


def entry(minute: int, side: str = "legacy", route: str = "r", requests: int = 1) -> Served:
    """What was served in a minute."""
    return Served(route, side, minute, requests, 0, 0, requests * 0.25)


def flag(connection: sqlite3.Connection, stage: Stage, at: float) -> None:
    """Move the route at a moment."""
    flags = FlagStore(connection, lambda: at)
    moved = replace(flags.snapshot().flag("r"), stage=stage, by="eve", reason="test")
    flags.change([moved], expected=flags.snapshot())


def test_a_minute_is_told_the_more_coarsely_the_longer_ago() -> None:
    """By minutes in this hour and the last, then by hours for two days, by days for ninety, then as one."""
    hour = NOW // HOUR * HOUR
    assert cell(hour - HOUR, NOW) == ("minute", hour - HOUR)
    assert cell(hour - HOUR - 1, NOW) == ("hour", (hour - 2 * HOUR) // HOUR)
    assert cell(NOW - BY_HOUR - 1, NOW)[0] == "day"
    assert cell(NOW - BY_DAY - 1, NOW) == ("ever", 0)


MINUTES = st.lists(st.integers(NOW - 100 * DAY, NOW) | st.integers(NOW - 3 * DAY, NOW), min_size=1, max_size=40)


@settings(deadline=None, max_examples=20)
@given(MINUTES, st.lists(st.integers(0, 6_000_000), max_size=6), st.integers(0, 3))
def test_thinning_changes_no_answer_that_is_asked_for(minutes: list[int], moved: list[int], times: int) -> None:
    """Sums and last sight since each change of the flag, totals, first minute: as if every minute were there."""
    stages = [Stage.SHADOW, Stage.CANARY, Stage.GATEWAY]
    with TemporaryDirectory() as folder, closing(open_store(Path(folder) / "c.db")) as connection:
        ats = sorted({NOW * 60.0 - seconds for seconds in moved})
        for number, at in enumerate(ats):
            flag(connection, stages[number % 3], at)
        insert(connection, [entry(minute, side) for minute in minutes for side in ("legacy", "gateway")])
        asked = sorted({0.0, *ats, *stage_since(connection).values()})

        def answers() -> list[object]:
            rows = [served_since(connection, {"r": at}) for at in asked]
            each = served(connection)
            return [rows, each[0].minute, max(one.ended for one in each), sum(one.requests for one in each)]

        before = answers()
        for later in range(times + 1):
            with transaction(connection):
                thin(connection, NOW + later * 20 * DAY)
            assert answers() == before


def insert(connection: sqlite3.Connection, entries: list[Served]) -> None:
    """Put rows there as a store of before had them: one a minute."""
    connection.executemany(
        "INSERT INTO served (route, side, minute, requests, errors, fallbacks, seconds, ended)"
        " VALUES (?, ?, ?, ?, 0, 0, ?, ?) ON CONFLICT (route, side, minute) DO NOTHING",
        [[one.route, one.side, one.minute, one.requests, one.seconds, one.ended] for one in entries],
    )


def test_what_comes_late_is_added(tmp_path: Path) -> None:
    """After an outage minutes of a stretch that is one row already join it at the next turn."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        start = NOW // HOUR * HOUR - 5 * HOUR
        count_served(connection, [entry(start + number) for number in range(10)])
        count_served(connection, [entry(NOW)])
        assert served(connection, since_minute=start)[0] == replace(entry(start, requests=10), ended=start + 10)
        count_served(connection, [entry(start), entry(start + 3), entry(start + 20)])
        count_served(connection, [entry(NOW + HOUR)])
        assert served(connection)[0] == replace(entry(start, requests=13), ended=start + 21)


def test_it_is_done_once_an_hour(tmp_path: Path) -> None:
    """Not with every write."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        hour = NOW // HOUR * HOUR
        count_served(connection, [entry(hour)])
        insert(connection, [entry(hour - DAY), entry(hour - DAY + 1)])
        with transaction(connection):
            thin_hourly(connection, hour + 59)
        assert len(served(connection)) == 3
        with transaction(connection):
            thin_hourly(connection, hour + 60)
        assert len(served(connection)) == 2


def test_an_older_store_is_thinned_when_it_is_opened(tmp_path: Path) -> None:
    """Rows of one a minute become fewer; the sums are the same."""
    path = tmp_path / "c.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text())
        connection.execute("DELETE FROM served")
        rows = [["r", "legacy", NOW - number, 1, 0, 0, 0.5] for number in range(5 * DAY)]
        connection.executemany("INSERT INTO served VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.commit()
    with closing(open_store(path)) as connection:
        each = served(connection)
        assert len(each) < 200
        assert (sum(one.requests for one in each), each[0].minute) == (5 * DAY, NOW - 5 * DAY + 1)
        assert each[-1] == Served("r", "legacy", NOW, 1, 0, 0, 0.5)


def served_for(path: Path, days: int, routes: int, apart: int) -> tuple[int, int]:
    """Rows and bytes of a store after so many days in which every route serves on both sides every `apart` minutes.

    A day's minutes are written at once: what is rolled up is the same, since the last write of an hour starts it.
    """
    with closing(open_store(path)) as connection:
        for day in range(days):
            start = NOW + day * DAY
            minutes = [
                entry(start + number, side, f"r{route}")
                for number in range(0, DAY, apart)
                for side in ("legacy", "gateway")
                for route in range(routes)
            ]
            with transaction(connection):
                insert(connection, minutes)
                thin_hourly(connection, start + DAY - 1)
        connection.execute("VACUUM")
        gather_in(connection)
        rows = len(served(connection))
    return rows, path.stat().st_size


def test_a_second_hundred_days_add_nothing(tmp_path: Path) -> None:
    """What was served takes room for its recent past, not for how long it has been served."""
    assert served_for(tmp_path / "a.db", 100, 1, 240)[0] == served_for(tmp_path / "b.db", 200, 1, 240)[0]


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_a_year_takes_what_four_months_take(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Ten routes that serve on both sides every ten minutes: a million minutes become less than half a megabyte."""
    rows, size = served_for(tmp_path / "a.db", 120, 10, 10)
    later, bytes_later = served_for(tmp_path / "b.db", 365, 10, 10)
    record_property(
        "served, 365 days of ten routes", f"{later} rows, {bytes_later // 1000} kB; after 120 days {rows}"
    )
    assert (later, bytes_later) == (rows, size)
    assert bytes_later < 500_000
