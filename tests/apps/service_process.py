"""A failing service as a real process: started, killed, stopped in its tracks, and started again where it stood."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.apps.journal import FAULT

if TYPE_CHECKING:
    import signal
    from collections.abc import AsyncIterator

    from tests.apps.journal import Fault

ROOT = Path(__file__).parents[2]


class ServiceProcess:
    """The process, and what has reached it over all its lives; it keeps its port from the first one on."""

    def __init__(self, journal: Path) -> None:
        self.deaths = 0
        self._journal = journal
        self._port = 0
        self._told: dict[str, object] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._died = asyncio.Condition()

    @property
    def address(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def faults(self) -> int:
        """How many requests met a fault."""
        return self._lines().count(FAULT)

    @property
    def writes(self) -> Counter[str]:
        """Which writes arrived, and how often."""
        return Counter(line for line in self._lines() if line != FAULT)

    async def start(self) -> None:
        """Start, and fail as was said before."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.apps.failing_service", str(self._port), str(self._journal)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        self._port = (await self._heard())["port"]
        if self._told:
            await self._say(self._told)

    async def meet(self, fault: Fault | None, every: int = 1) -> None:
        """From now on every so many requests meet this fault."""
        async with self._turn:
            self._told = {"fault": fault.__name__ if fault else "", "every": every}
            # Where it died just now, it is told when it is back.
            await self._say(self._told)

    async def open(self) -> int:
        """How many connections it has."""
        return (await self._say({}))["open"]

    def send(self, number: signal.Signals) -> None:
        """Stop it in its tracks (SIGSTOP), wake it (SIGCONT), or anything else."""
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def replace(self) -> None:
        """Start a second one on the same port, and kill the first: what it had in hand is lost, nobody is refused."""
        first = self._process
        assert first is not None
        await self.start()
        first.kill()
        await first.wait()

    def revive(self) -> None:
        """From now on start it again as soon as it has died, as whatever looks after services does."""
        self._supervisor = asyncio.create_task(self._look_after())

    async def dead(self, times: int) -> None:
        """Wait until it has died so often, and is there again."""
        async with asyncio.timeout(60), self._died:
            await self._died.wait_for(lambda: self.deaths >= times)

    async def close(self) -> None:
        """End it for good."""
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        await self.kill()

    async def _look_after(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            async with self._turn:
                await self.start()
            async with self._died:
                self.deaths += 1
                self._died.notify_all()

    async def _say(self, told: dict[str, object]) -> dict[str, int]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told).encode() + b"\n")
        return await self._heard()

    async def _heard(self) -> dict[str, int]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 20)
        found: dict[str, int] = json.loads(line or b"{}")
        return found

    def _lines(self) -> list[str]:
        return self._journal.read_text().splitlines()


@asynccontextmanager
async def service_process(directory: Path) -> AsyncIterator[ServiceProcess]:
    """A running process whose journal is in the directory."""
    service = ServiceProcess(directory / "journal")
    await service.start()
    try:
        yield service
    finally:
        await service.close()
