"""A gateway in a process of its own, with every route at gateway, and what it weighs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from gateway.config import load_table
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.database import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
_CHILD = """
import sys
from pathlib import Path
from gateway.config import load_table
from gateway.server import run
from tests.apps.table import settings
file, store = map(Path, sys.argv[1:])
run(load_table(file), settings(), store)
"""


@dataclass
class GatewayProcess:
    """The process; `ready` gives its addresses."""

    process: asyncio.subprocess.Process
    public: str = ""
    internal: str = ""

    async def ready(self) -> GatewayProcess:
        """Wait until it says that it listens."""
        assert self.process.stdout
        line = (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode().split()
        assert line, "the process ended before it was ready"
        self.public, self.internal = line[3].rstrip(","), line[5]
        return self

    @property
    def memory(self) -> int:
        """Bytes of memory that it has in use."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    async def ended(self) -> int:
        """Its exit code."""
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def gateway_process(folder: Path, text: str) -> AsyncIterator[GatewayProcess]:
    """The process serving a table file of this text; it is killed at the end if it still runs."""
    file, store = folder / "cutover.yaml", folder / "cutover.db"
    file.write_text(text)
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection)
        routes = [route.id for route in load_table(file, {}).routes]
        flags.change([Flag(name, Stage.GATEWAY) for name in routes], expected=flags.snapshot())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _CHILD, str(file), str(store)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield GatewayProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
