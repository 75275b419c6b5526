from __future__ import annotations

import asyncio
import time
from contextlib import closing
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from gateway.config import load_table
from gateway.core.answer_shape import Answers
from gateway.core.exchange import Exchange, Request, Response
from gateway.core.observation import Bucket, Observation, Verdict
from gateway.store import counts
from gateway.store.browse import browse
from gateway.store.counts import Served
from gateway.store.database import open_store
from shadow import worker as module
from shadow.answer_shape import LEAST, shape_of
from shadow.buckets import Ledger
from shadow.copying import Copier
from shadow.discipline import Discipline
from shadow.envelope import LENGTH, Copy, Counts, Outcome, decode, encode
from shadow.mirror import Mirror
from shadow.observe import Setting
from shadow.plan import Copying
from shadow.recorder import Batch, Recorder
from shadow.worker import Worker
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.shadowed import write_table

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"k" * 32


def copy(identity: str, route: str = "items.get") -> Copy:
    """A read as legacy answered it."""
    request = Request("GET", "/items/7", (("Host", "h"),))
    exchange = Exchange(identity, "svc", request, Response(200, (), b""), time.time(), 0, 0)
    return Copy(route, {"id": "7"}, Copying.READ, "u", exchange, revision=7)


async def frames(reader: asyncio.StreamReader, number: int) -> list[object]:
    """The next envelopes from the worker."""
    return [
        decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
        for _ in range(number)
    ]


async def test_a_worker_answers_for_every_copy_and_settles_the_rest_at_the_end(tmp_path: Path) -> None:
    """Each copy has its outcome; when the proxy is gone, what it left pending is settled and stored."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        table = load_table(write_table(tmp_path, legacy.address, internal=internal.port))
        setting = Setting(table, KEY, {}, "", "v", time.time)
        async with Mirror(f"http://{internal.address}", KEY) as mirror:
            recorder = Recorder(tmp_path / "c.db")
            worker = Worker(Copier(table, mirror, lambda: setting), recorder)
            proxies: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
            server = await asyncio.start_unix_server(lambda r, w: proxies.put_nowait((r, w)), tmp_path / "s")
            attending = asyncio.create_task(worker.attend(*await asyncio.open_unix_connection(tmp_path / "s")))
            reader, writer = await proxies.get()
            writer.write(encode(copy("1")) + encode(copy("2", "no such route")))
            outcomes = {one.id: one for one in await frames(reader, 2) if isinstance(one, Outcome)}
            assert outcomes["1"].bucket is Bucket.COMPARED
            assert outcomes["2"] == Outcome("2", Bucket.UNMIRRORED, "unknown route")
            internal.override = candidate.resetting
            ledger = Ledger()
            for _ in range(3):
                ledger.open("items.get")
            served = [Served("items.get", "legacy", 1, 3, 0, 0, 0.1)]
            writer.write(encode(Counts("shadow:1", ledger, served)) + encode(copy("3")))
            writer.close()
            await asyncio.wait_for(attending, 20)
            assert worker.idle.is_set()
            assert recorder.write(recorder.take())
            recorder.close()
            server.close()
        connection = open_store(tmp_path / "c.db")
        assert counts.buckets(connection) == {
            ("items.get", "failed", "broken"): 1,
            ("items.get", "shed", "shutdown"): 2,
        }
        assert counts.served(connection) == served
        assert {one.revision for one in browse(connection)} == {7}
        connection.close()


async def test_an_answer_to_a_write_is_looked_at_and_never_counted(tmp_path: Path) -> None:
    """It has been counted by the proxy: the worker sends nothing, reports nothing, and stores what it finds."""
    async with Oddities() as legacy, Oddities() as internal:
        table = load_table(write_table(tmp_path, legacy.address, internal=internal.port))
        full = shape_of(Response(201, (("content-type", "application/json"),), b'{"id":1,"name":"n"}'))
        known = Answers({("items.create", 201): reduce(add, [full] * LEAST)})
        setting = Setting(table, KEY, {}, "", "v", time.time, answers=known)
        async with Mirror(f"http://{internal.address}", KEY) as mirror:
            recorder = Recorder(tmp_path / "c.db")
            worker = Worker(Copier(table, mirror, lambda: setting), recorder)
            proxies: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
            server = await asyncio.start_unix_server(lambda r, w: proxies.put_nowait((r, w)), tmp_path / "s")
            attending = asyncio.create_task(worker.attend(*await asyncio.open_unix_connection(tmp_path / "s")))
            reader, writer = await proxies.get()
            asked = Request("POST", "/items", (("Host", "h"),), b"{}")
            lost = Response(201, (("content-type", "application/json"),), b'{"id":1}')
            exchange = Exchange("1", "svc", asked, lost, time.time(), 0, 0)
            writer.write(encode(Counts("shadow:1", Ledger(), [])))
            writer.write(encode(Copy("items.create", {}, Copying.ANSWER, "u", exchange)))
            writer.close()
            await asyncio.wait_for(attending, 20)
            assert await reader.read() == b""
            (seen,) = recorder.take().observations
            server.close()
        assert (seen.mode, [one.path for one in seen.differences]) == ("answer", ["$.name"])
        assert not legacy.deliveries
        assert not internal.deliveries


async def test_a_write_that_has_begun_is_finished_before_the_last_one(tmp_path: Path) -> None:
    """A stop in the middle of a write neither breaks it off nor starts another beside it: nothing is lost."""

    class Slow(Recorder):
        """A recorder whose store takes its time."""

        writing, most = 0, 0

        def write(self, batch: Batch) -> bool:
            self.writing += 1
            self.most = max(self.most, self.writing)
            time.sleep(0.3)
            done = super().write(batch)
            self.writing -= 1
            return done

    recorder, enough = Slow(tmp_path / "c.db"), asyncio.Event()
    table = load_table(write_table(tmp_path, "127.0.0.1:1"))
    recorder.observed(Observation("1", "a", 1.0, Verdict.MATCH, "read", "live", "d"))
    recording = asyncio.create_task(module._record(recorder, Discipline(table), enough))
    while not recorder.writing:  # noqa: ASYNC110 - it happens in another thread
        await asyncio.sleep(0.01)
    recorder.observed(Observation("2", "a", 2.0, Verdict.MATCH, "read", "live", "d"))
    enough.set()
    await recording
    await module._flush(recorder)
    recorder.close()
    assert recorder.most == 1
    with closing(open_store(tmp_path / "c.db")) as connection:
        assert {one.id for one in browse(connection)} == {"1", "2"}
