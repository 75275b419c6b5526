"""The stand-in platform with a real gateway process before it, and `cutover loadtest run` against that gateway."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.config import load_table
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from migrate.demo import platform
from migrate.demo.children import free_ports
from migrate.presets import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.flags.flag import FlagSnapshot

ROOT = Path(__file__).parents[2]
_TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class UnderLoad:
    """The gateway's table, store and process; every route stands at the gateway."""

    config: Path
    store: Path
    environment: Mapping[str, str]
    gateway: subprocess.Popen[str]

    @property
    def start(self) -> str:
        """The command that starts the gateway."""
        return shlex.join(_command("gateway", self.config, self.store))

    def flags(self) -> FlagSnapshot:
        """The flags as they are."""
        with closing(open_store(self.store)) as connection:
            return FlagStore(connection).snapshot()

    def load(self, *options: str, seconds: int = 12) -> subprocess.Popen[str]:
        """A load test that has been started."""
        command = [*_command("loadtest", "run", self.config, self.store), "--json", *options]
        command += [
            "--users",
            "5",
            "--spawn-rate",
            "20",
            "--think",
            "0.05",
            "--run-time",
            f"{seconds}s",
            "--p95",
            "2000",
        ]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def loaded(self, *options: str, seconds: int = 12) -> tuple[int, dict[str, Any]]:
        """Exit code and result of a load test."""
        said, error = (process := self.load(*options, seconds=seconds)).communicate(timeout=seconds + 60)
        assert said, error
        return process.returncode, json.loads(said)


@contextmanager
def under_load(folder: Path, **variables: str) -> Iterator[UnderLoad]:
    """Everything running; a gateway that a test had started again is ended too."""
    config, store = folder / "cutover.yaml", folder / "cutover.db"
    public, internal = free_ports(2)
    with platform.running(seed=platform.Seed(admin_totp_secret=_TOTP)) as stand_in:
        sides = ("legacy", "internal")
        values = {f"services.{name}.{side}": url for name, url in stand_in.urls.items() for side in sides}
        values |= {"gateway.listen": f"127.0.0.1:{public}", "gateway.internal_listen": f"127.0.0.1:{internal}"}
        # One account that hardly thinks asks for more than any person may.
        values |= {"gateway.public_url": f"http://127.0.0.1:{public}"}
        write(config, values=values | {"limits.read.rate": "60000", "limits.read.burst": "10000"})
        with closing(open_store(store)) as connection:
            flags = FlagStore(connection)
            routes = [route.id for route in load_table(config, {}).routes if route.gateway is not None]
            flags.change([Flag(name, Stage.GATEWAY) for name in routes], expected=flags.snapshot())
        environment = {
            **os.environ,
            "CUTOVER_JWT_SECRET": stand_in.jwt_secret,
            "CUTOVER_INTERNAL_KEY": stand_in.internal_key,
            "CUTOVER_LOAD_USERNAME": stand_in.seed.admin_email,
            "CUTOVER_LOAD_PASSWORD": stand_in.seed.admin_password,
            "CUTOVER_LOAD_TOTP_SECRET": _TOTP,
            **variables,
        }
        process = subprocess.Popen(
            _command("gateway", config, store), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("gateway ready")
            yield UnderLoad(config, store, environment, process)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            _end(str(config))


def _command(*words: str | Path) -> list[str]:
    *command, config, store = map(str, words)
    return [sys.executable, "-m", "migrate", *command, "--config", config, "--store", store]


def _end(config: str) -> None:
    """End what was started again with this table, and wait until it is gone."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if config in (place / "cmdline").read_text().split("\0"):
                os.kill(int(place.name), signal.SIGKILL)
                while place.exists() and (place / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    time.sleep(0.01)
