"""The store is killed, full, locked, and shared: what stays true."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from gateway.store import audit, counts
from gateway.store.browse import browse
from gateway.store.database import open_store
from gateway.store.profile import Profile
from shadow import worker
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed
from tests.apps.store_writer import BATCH

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[3]
KILLS = 15


def writer(store: Path, name: str, limit: int = 10**9) -> subprocess.Popen[str]:
    """A process that records under a name."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.apps.store_writer", str(store), name, str(limit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def consistent(connection: sqlite3.Connection) -> dict[str, int]:
    """Observations by verdict, after a check that every table tells the same story."""

    def one(query: str) -> int:
        found: int = connection.execute(query).fetchone()[0]
        return found

    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    observed = one("SELECT coalesce(sum(count), 0) FROM rollups")
    # Every number is a minute of its own, so each observation is a pair.
    assert observed == one("SELECT coalesce(sum(count), 0) FROM pair_rollups")
    assert one("SELECT count(*) FROM pair_rollups WHERE count < 0") == 0
    assert observed * 2 == one("SELECT coalesce(sum(count), 0) FROM latencies")
    assert (
        one("SELECT count(*) FROM samples s WHERE NOT EXISTS (SELECT 1 FROM observations o WHERE o.id = s.id)") == 0
    )
    assert (
        one("SELECT count(*) FROM observations o WHERE NOT EXISTS (SELECT 1 FROM samples s WHERE s.id = o.id)") == 0
    )
    verdicts: dict[str, int] = {}
    for row in connection.execute(
        "SELECT p.content, r.count FROM rollups r JOIN profiles p"
        " ON p.route = r.route AND p.digest = r.digest AND p.profile = r.profile"
    ):
        verdict = "mismatch" if Profile.from_text(row["content"]).items else "match"
        verdicts[verdict] = verdicts.get(verdict, 0) + row["count"]
    assert verdicts.get("mismatch", 0) == one("SELECT coalesce(sum(observations), 0) FROM sightings")
    return verdicts


def test_a_killed_writer_loses_nothing_that_it_was_told_is_stored(tmp_path: Path) -> None:
    """Killed at any moment, again and again: no damage, no half of a write, and at most the write that was going on.

    A worker writes twice a second, so a kill costs less than a second of observations.
    """
    store, told = tmp_path / "c.db", 0
    moments = random.Random(4)
    for kill in range(KILLS):
        process = writer(store, f"w{kill}")
        assert process.stdout
        acknowledged = int(process.stdout.readline())
        time.sleep(moments.uniform(0, 0.2))
        process.kill()
        lines = process.stdout.read().split()
        process.wait()
        process.stdout.close()
        told += int(lines[-1]) if lines else acknowledged
        with closing(open_store(store)) as connection:
            stored = sum(consistent(connection).values())
        assert told <= stored <= told + BATCH * (kill + 1)
        assert stored % BATCH == 0
    assert worker._FLUSH <= 0.5


def test_two_shadows_on_one_store_count_right(tmp_path: Path) -> None:
    """Two processes that write at the same time lose nothing and count nothing twice."""
    store, each = tmp_path / "c.db", 1500
    processes = [writer(store, name, each) for name in ("a", "b")]
    for process in processes:
        assert process.communicate()[0].split()[-1] == str(each)
        assert process.returncode == 0
    with closing(open_store(store)) as connection:
        assert consistent(connection) == {"match": 2 * each * 4 // 5, "mismatch": 2 * each // 5}
        # Seven routes; of each the matches and the one signature keep six samples.
        assert len(list(browse(connection))) == 7 * 2 * 6
        assert connection.execute("SELECT count(*) FROM subjects").fetchone()[0] == 7 * 2


@pytest.mark.proof
async def test_two_running_shadows_share_a_store(tmp_path: Path) -> None:
    """Each with its own listener, worker and buckets: what both saw adds up, and every copy is one observation."""
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "state").mkdir(mode=0o700)
    (folders[1] / "state").symlink_to(folders[0] / "state")
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with (
            shadowed(folders[0], legacy.address, internal=internal.port) as one,
            shadowed(folders[1], legacy.address, internal=internal.port) as other,
            RawClient(one.url) as first,
            RawClient(other.url) as second,
        ):
            one.promote("items.get", Stage.SHADOW)
            for number in range(20):
                await first.ask("GET", f"/items/{number}")
                await second.ask("GET", f"/items/{number + 100}")
            await one.settled(40)
            with closing(open_store(one.store)) as connection:
                kept = counts.buckets(connection)
                sources = connection.execute("SELECT count(DISTINCT source) FROM buckets").fetchone()[0]
                observed = connection.execute("SELECT sum(count) FROM rollups").fetchone()[0]
            assert sources == 2
            assert observed == kept["items.get", "compared", ""]


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own."""
    place.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting a small disk needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", place], check=False
    )
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    """Take every free byte of a disk."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


async def test_with_a_full_disk_traffic_is_served_and_it_is_said_that_nothing_is_recorded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every answer comes; a line tells why nothing is recorded; with room again all of it is recorded.

    The gap is in the audit trail.
    """
    state = tmp_path / "state"
    with small_disk(state, 3):
        async with Oddities() as legacy, Oddities() as internal:
            internal.override = candidate.faithful
            async with (
                shadowed(tmp_path, legacy.address, internal=internal.port) as rig,
                RawClient(rig.url) as client,
            ):
                rig.promote("items.get", Stage.SHADOW)
                assert (await client.ask("GET", "/items/1")).status == 200
                await rig.settled(1)
                filler = fill(state)
                said = ""

                def told() -> bool:
                    nonlocal said
                    said += capfd.readouterr().err
                    return "cannot record: " in said

                asked = 1
                while not told():
                    assert (await client.ask("GET", f"/items/{asked}")).status == 200
                    asked += 1
                    assert asked < 5_000
                assert "database or disk is full" in said
                assert "traffic is served" in said
                for number in range(20):
                    assert (await client.ask("GET", f"/items/{number}")).status == 200
                filler.unlink()
                await rig.settled(asked + 20)

                def gaps() -> list[audit.AuditEntry]:
                    with closing(open_store(rig.store)) as connection:
                        return [entry for entry in audit.trail(connection) if entry.action == "record"]

                await rig.until(lambda: bool(gaps()), gaps)
                with closing(open_store(rig.store)) as connection:
                    compared = counts.buckets(connection)["items.get", "compared", ""]
                    observed = connection.execute("SELECT sum(count) FROM rollups").fetchone()[0]
                assert observed == compared == asked + 20
                assert gaps()[0].detail["lost"] == 0
                assert "records again" in said + capfd.readouterr().err


async def test_with_a_locked_store_traffic_is_served_and_it_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Another process that holds the store for long costs neither answers nor observations."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.SHADOW)
            said = ""

            def told() -> bool:
                nonlocal said
                said += capfd.readouterr().err
                return "cannot record: database is locked" in said

            with rig.locked():
                for number in range(10):
                    assert (await client.ask("GET", f"/items/{number}")).status == 200
                await rig.until(told, lambda: said)
            await rig.settled(10)
            await rig.until(lambda: len(rig.observations()) == 10, rig.observations)
