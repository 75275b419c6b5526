"""The embedded installation of the demo: stand-in platform, cutover.yaml, gateway, shadow."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gateway.config import load_table
from gateway.settings import INTERNAL_KEY, JWT_SECRET
from migrate.demo.children import Child, Children, free_ports
from migrate.demo.platform import Platform, Seed, running
from migrate.presets import write

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from gateway.core.table import RouteTable

_LOGINS = 1000
"""Logins per minute the demo's platform allows; the real one allows 5, and a demo signs in more often."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one demo."""

    folder: Path

    @property
    def config(self) -> Path:
        """The route table."""
        return self.folder / "cutover.yaml"

    @property
    def store(self) -> Path:
        """The SQLite store."""
        return self.folder / ".cutover" / "cutover.db"


class Stack:
    """Everything that runs in a demo; a context manager that leaves no process behind."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder)
        self._exit = ExitStack()
        self._ports = free_ports(8)

    def __enter__(self) -> Self:
        folder = self.places.folder
        folder.mkdir(parents=True, exist_ok=True)
        self.platform: Platform = self._exit.enter_context(running(login_limit=_LOGINS))
        self.environment = {
            JWT_SECRET: self.platform.jwt_secret,
            INTERNAL_KEY: self.platform.internal_key,
            "CUTOVER_CONFIG": str(self.places.config),
            "CUTOVER_STORE": str(self.places.store),
        }
        self.children = Children(folder, self.environment)
        self._exit.callback(self.children.stop_all)
        self.configure(build="1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def table(self) -> RouteTable:
        """The route table as it is configured now."""
        return load_table(self.places.config)

    @property
    def seed(self) -> Seed:
        """The platform's seeded rows."""
        return self.platform.seed

    @property
    def listeners(self) -> dict[str, str]:
        """Service name to the base URL of its shadow listener."""
        return {name: f"http://{service.shadow_listen}" for name, service in self.table.services.items()}

    def configure(self, *, build: str) -> None:
        """Write cutover.yaml for the running platform; `build` names the gateway that will run."""
        public, internal, *listeners = self._ports
        values = {
            "gateway.listen": f"127.0.0.1:{public}",
            "gateway.public_url": f"http://127.0.0.1:{public}",
            "gateway.internal_listen": f"127.0.0.1:{internal}",
            "gateway.build": build,
        }
        for (name, url), port in zip(self.platform.urls.items(), listeners, strict=True):
            values |= {f"services.{name}.{side}": url for side in ("legacy", "internal")}
            values[f"services.{name}.shadow_listen"] = f"127.0.0.1:{port}"
        write(self.places.config, values=values)

    def give_load_account(self, totp_secret: str) -> None:
        """Let later commands load-test as the seeded admin."""
        self.environment["CUTOVER_LOAD_USERNAME"] = self.seed.admin_email
        self.environment["CUTOVER_LOAD_PASSWORD"] = self.seed.admin_password
        self.environment["CUTOVER_LOAD_TOTP_SECRET"] = totp_secret

    def start_gateway(self, *, defective: bool = False) -> Child:
        """The gateway, or the one with the seeded defect."""
        policy = self.table.policy
        module = ["migrate.demo.defect"] if defective else ["migrate", "gateway"]
        return self.children.start("gateway", module, [policy.listen, policy.internal_listen])

    def start_shadow(self) -> Child:
        """The shadow with its listeners."""
        listeners = [service.shadow_listen for service in self.table.services.values()]
        return self.children.start("shadow", ["migrate", "shadow"], listeners)
