"""Starting the stand-in platform as a child process and talking to its control port."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from gateway.core.errors import UnreachableError
from migrate.demo.platform.seed import Seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JWT_SECRET = "demo-jwt-secret-key-0123456789abcdef0123456789"  # noqa: S105 - throw-away
INTERNAL_KEY = "demo-internal-api-key-0123456789abcdef01234567"
SERVICES = ("filtration", "inference", "orchestration", "data", "guardrail", "sidecar")
_START = 30.0
_STOP = 10.0


@dataclass(frozen=True)
class Platform:
    """A running stand-in platform: service name to address, its secrets, and its control port."""

    urls: Mapping[str, str]
    jwt_secret: str = field(repr=False)
    internal_key: str = field(repr=False)
    control: str
    seed: Seed = field(repr=False)

    def deliveries(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests that arrived at any service after number `since`, in order; at most the last 20 000."""
        answer = httpx.get(f"{self.control}/deliveries", params={"since": since}, trust_env=False)
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def forget(self) -> None:
        """Empty the journal."""
        httpx.delete(f"{self.control}/deliveries", trust_env=False).raise_for_status()

    def fault(self, **fault: Any) -> None:
        """Slow or break services; see `faults.Fault` for the keys.

        Raises:
            httpx.HTTPStatusError: a key or service is unknown.
        """
        httpx.post(f"{self.control}/faults", json=fault, trust_env=False).raise_for_status()

    def mend(self) -> None:
        """Take every fault back."""
        httpx.delete(f"{self.control}/faults", trust_env=False).raise_for_status()


@contextmanager
def running(
    *,
    seed: Seed | None = None,
    ports: Mapping[str, int] | None = None,
    jwt_secret: str = JWT_SECRET,
    internal_key: str = INTERNAL_KEY,
    login_limit: int = 5,
    settle_seconds: float = 0.15,
) -> Iterator[Platform]:
    """A platform in a child process, on free ports unless given; stopped at exit, also when the parent dies.

    `login_limit` is the number of logins per 60 s for one user and address; the real platform has 5.
    `settle_seconds` is how long a deployment stays TERMINATING or DEPLOYING.

    Raises:
        UnreachableError: a port is taken, or the child did not start within 30 s.
    """
    seed = seed or Seed()
    command = [sys.executable, "-m", "migrate.demo.platform", "--while-stdin-is-open"]
    command += ["--seed", seed.to_json(), "--login-limit", str(login_limit)]
    command += ["--settle-seconds", str(settle_seconds)]
    command += ["--jwt-secret", jwt_secret, "--internal-key", internal_key]
    if ports:
        command += ["--ports", ",".join(f"{name}={port}" for name, port in ports.items())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            ready = json.loads(_first_line(child))
            yield Platform(ready["urls"], jwt_secret, internal_key, ready["control"], seed)
        finally:
            _stop(child)


def _first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None  # noqa: S101 - opened as a pipe above
    assert child.stderr is not None  # noqa: S101 - likewise
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        line = child.stdout.readline() if selector.select(_START) else ""
    if not line:
        child.kill()
        reason = child.stderr.read().strip().splitlines() or ["it said nothing"]
        raise UnreachableError(f"the stand-in platform did not start: {reason[-1]}")
    return line


def _stop(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_STOP)
    except subprocess.TimeoutExpired:
        child.kill()
