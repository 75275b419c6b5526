"""The mirror worker: a process of its own that makes the copies, compares, and is the only one to write."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.config import load_table
from gateway.core.observation import Bucket
from gateway.store.database import secret_key
from shadow.copying import Copier
from shadow.envelope import LENGTH, Copy, Counts, Outcome, Wrote, decode, encode
from shadow.lifeline import end_with_parent
from shadow.mirror import Mirror
from shadow.observe import Setting
from shadow.plan import Copying
from shadow.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shadow.discipline import Discipline

CONCURRENCY = 8
_FLUSH = 0.5
"""Seconds between two writes to the store."""
_NICE = 10
"""Copies wait for a core before primaries do: both run on the same machine (nice(2))."""
_WAITING = 256
"""Copies on their way beyond which answers to writes are no longer looked at."""
_LAST = 2.0
"""Seconds in which the last copies may still come back when the proxy is gone."""


class Worker:
    """Takes copies from the proxy and tells it where each landed."""

    def __init__(self, copier: Copier, recorder: Recorder) -> None:
        self._copier = copier
        self._recorder = recorder
        self._queue: asyncio.Queue[tuple[Copy, float]] = asyncio.Queue()
        self._routes: dict[str, str] = {}
        self._counts: Counts | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.idle = asyncio.Event()
        self.idle.set()

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Work until the proxy hangs up, then finish what is there; returns within a few seconds after that."""
        self.idle.clear()
        self._writer = writer
        try:
            async with asyncio.TaskGroup() as tasks:
                hands = [tasks.create_task(self._work()) for _ in range(CONCURRENCY)]
                await self._listen(reader)
                self._writer = None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._queue.join(), _LAST)
                for hand in hands:
                    hand.cancel()
        finally:
            writer.close()
            self._settle_rest()
            self.idle.set()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self._take(await _frame(reader))

    def _take(self, frame: bytes) -> None:
        envelope = decode(frame)
        if isinstance(envelope, Copy) and envelope.copying is Copying.ANSWER:
            # It is counted already, and nobody waits for it.
            if self._queue.qsize() < _WAITING:
                self._queue.put_nowait((envelope, time.monotonic()))
        elif isinstance(envelope, Copy):
            self._routes[envelope.exchange.id] = envelope.route
            self._queue.put_nowait((envelope, time.monotonic()))
        elif isinstance(envelope, Wrote):
            self._copier.writes.note(envelope.subject, envelope.at)
        elif isinstance(envelope, Counts):
            self._counts = envelope
            self._recorder.served(envelope.served)
            self._recorder.counted(envelope.source, envelope.ledger)

    async def _work(self) -> None:
        while True:
            copy, since = await self._queue.get()
            try:
                done = await self._copier.copy(copy, time.monotonic() - since)
            except Exception as error:  # noqa: BLE001 - one odd exchange must not stop the worker; it is counted
                sys.stderr.write(f"cutover shadow worker: {copy.route}: {type(error).__name__}\n")
                self._report(copy, Outcome(copy.exchange.id, Bucket.FAILED, "fault"))
            else:
                self._recorder.done(done, copy.revision)
                self._report(copy, done.outcome)
            finally:
                self._queue.task_done()

    def _report(self, copy: Copy, outcome: Outcome) -> None:
        if copy.copying is Copying.ANSWER:
            return
        route = self._routes.pop(outcome.id, "")
        if self._writer:
            self._writer.write(encode(outcome))
        elif self._counts:
            self._counts.ledger.settle(route, outcome.bucket, outcome.reason)

    def _settle_rest(self) -> None:
        if self._counts:
            self._counts.ledger.close("shutdown")
            self._recorder.counted(self._counts.source, self._counts.ledger)
            self._counts = None
        self._routes.clear()
        self._queue = asyncio.Queue()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(LENGTH), "big")
    return await reader.readexactly(length)


async def _record(recorder: Recorder, discipline: Discipline, enough: asyncio.Event) -> None:
    """Write what has come together, twice a second, until it is enough; a write that has begun is finished."""
    while not enough.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(enough.wait(), _FLUSH)
        recorder.paced(discipline.standing(time.time()))
        await _flush(recorder)


async def _flush(recorder: Recorder) -> None:
    batch = recorder.take()
    if not await asyncio.to_thread(recorder.write, batch):
        recorder.put_back(batch)


async def run(config: Path, store: Path, channel: Path) -> None:
    """Attend to proxies, one after the other, until SIGTERM; what is unfinished then is settled and written."""
    table = load_table(config)
    fingerprint = secret_key(store.parent, "fingerprint")
    recorder = Recorder(store, table.retention)
    await _flush(recorder)

    current = Setting(table, fingerprint, recorder.rules, table.policy.public_url, __version__, time.time)

    def setting() -> Setting:
        nonlocal current
        known = recorder.rules, recorder.noise, recorder.answers
        if (current.rules, current.noise, current.answers) != known:
            current = replace(current, rules=known[0], noise=known[1], answers=known[2])
        return current

    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    internal = f"http://{table.policy.internal_listen}"
    mark, candidate = secret_key(store.parent, "mark"), table.mirroring.candidate
    async with Mirror(internal, mark, candidate=candidate, pool=2 * CONCURRENCY) as mirror:
        copier = Copier(table, mirror, setting)
        worker = Worker(copier, recorder)
        enough = asyncio.Event()
        recording = asyncio.create_task(_record(recorder, copier.discipline, enough))
        attending = asyncio.create_task(_attend(worker, channel))
        await stopping.wait()
        # The proxy is told to stop first, so that its last counts are here already or never come.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(worker.idle.wait(), _LAST)
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        # Cancelled, a write would go on in its thread, and the last one would meet it on the same connection.
        enough.set()
        await recording
        await _flush(recorder)
    recorder.close()


async def _attend(worker: Worker, channel: Path) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_unix_connection(channel)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        sys.stdout.write("attending\n")
        sys.stdout.flush()
        await worker.attend(reader, writer)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the child process."""
    parser = argparse.ArgumentParser(prog="cutover shadow worker")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--channel", type=Path, required=True)
    options = parser.parse_args(arguments)
    end_with_parent()
    os.nice(_NICE)
    asyncio.run(run(options.config, options.store, options.channel))


if __name__ == "__main__":
    main()
