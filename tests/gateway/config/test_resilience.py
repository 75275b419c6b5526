"""The parts of the gateway section that say what is borne with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.resilience import CircuitPolicy, ClientPolicy, RetryPolicy
from tests.apps.route_tables import GOOD, table, told

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

LISTEN = "  listen: 127.0.0.1:8800\n"
FULL = """\
  circuit: {failures: 40%, least: 5, window: 1m, open: 20s, trials: 2}
  retries: {share: 5%, floor: 0.5}
  clients: {idle: 10s, rate: 1KB}
"""


def test_everything_that_is_written_arrives() -> None:
    """Circuit, retry budget and client limits are read."""
    loaded: RouteTable = table(GOOD.replace(LISTEN, LISTEN + FULL))  # type: ignore[assignment]
    assert loaded.policy.circuit == CircuitPolicy(0.4, 5, 60.0, 20.0, 2)
    assert loaded.policy.retries == RetryPolicy(0.05, 0.5)
    assert loaded.policy.clients == ClientPolicy(10.0, 1000)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("circuit: {failures: 0%}", "'0%' would leave every service alone; write a share above 0, such as 50%"),
        ("circuit: {least: 0}", "write a whole number of at least 1"),
        ("circuit: {opened: 1s}", "key opened is not known"),
        ("retries: {floor: -1}", "'-1' is not acceptable; write a number of attempts a second, 0 or more"),
        ("retries: {floor: inf}", "write a number of attempts a second"),
        ("retries: {floor: few}", "write a number of attempts a second"),
        ("retries: {percent: 1}", "key percent is not known"),
        ("clients: {idle: 0s}", "is no duration"),
        ("clients: {speed: 1}", "key speed is not known"),
    ],
)
def test_what_is_wrong_is_told(line: str, problem: str) -> None:
    """Each wrong value names what to write instead."""
    assert any(problem in one for one in told(GOOD.replace(LISTEN, f"{LISTEN}  {line}\n")))
