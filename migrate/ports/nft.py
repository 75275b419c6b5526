"""Running nft, in this network namespace or a named one; its failures become one clear line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass

from gateway.core.errors import RefusedError, UnreachableError
from migrate.ports.ruleset import removal, table_name

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Counters:
    """Connections (first packets) since the table was applied."""

    refused: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Nft:
    """nft in the network namespace `netns`; empty is the one this process is in."""

    netns: str = ""

    def listing(self, service: str) -> str:
        """The service's table as nft prints it, without counts; empty when the port is not closed."""
        found = self._run(["--stateless", "list", "table", "inet", table_name(service)], absent_ok=True)
        return found or ""

    def counters(self, service: str) -> Counters | None:
        """What the service's table has counted; None when the port is not closed."""
        text = self._run(["--json", "list", "table", "inet", table_name(service)], absent_ok=True)
        if text is None:
            return None
        items = [item["counter"] for item in json.loads(text)["nftables"] if "counter" in item]
        packets = {item["name"]: int(item["packets"]) for item in items}
        return Counters(packets.get("refused", 0), packets.get("allowed", 0))

    def apply(self, script: str) -> None:
        """Apply a script in one transaction: all of it or nothing.

        Raises:
            UnreachableError: nft is missing, or this user may not change rules.
            RefusedError: nft does not take the script; nothing was changed.
        """
        self._run(["-f", "-"], script)

    def check(self, script: str) -> None:
        """Let nft read a script without applying it. Raises what `apply` raises."""
        self._run(["--check", "-f", "-"], script)

    def remove(self, service: str) -> None:
        """Delete the service's table. Raises what `apply` raises."""
        self.apply(removal(service))

    def _run(self, arguments: list[str], script: str | None = None, *, absent_ok: bool = False) -> str | None:
        command = [*self._prefix(), _program("nft", "nftables"), *arguments]
        done = subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=_TIMEOUT, check=False,
            env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode == 0:
            return done.stdout
        said = (done.stderr.strip().splitlines() or ["no word"])[0]
        if "Operation not permitted" in done.stderr or "must be root" in done.stderr:
            raise UnreachableError("changing the rule set needs root (CAP_NET_ADMIN); run it with sudo")
        if "network namespace" in done.stderr:
            raise UnreachableError(f"network namespace {self.netns}: {said}; see `ip netns list`")
        if absent_ok and "No such file or directory" in done.stderr:
            return None
        raise RefusedError(f"nft does not take this, and nothing was changed: {said}")

    def _prefix(self) -> list[str]:
        return [_program("ip", "iproute2"), "netns", "exec", self.netns] if self.netns else []


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise UnreachableError(f"{name} is not installed; install the package {package} and run this again")
    return found
