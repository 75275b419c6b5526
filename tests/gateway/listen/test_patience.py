"""How long clients are borne with; each limit stands in test_http1.py, seen from the wire."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.listen.bounds import Bounds
from gateway.listen.patience import Patience


class Given(Patience):
    """Notes how it was given up."""

    def __init__(self, **bounds: Any) -> None:
        super().__init__(asyncio.get_running_loop(), Bounds(**bounds))
        self.told: list[str] = []

    def refuse(self, status: int, reason: str) -> str:
        """Note."""
        self.told.append(f"{status} {reason}")
        return "id"

    def finish(self) -> None:
        """Note."""
        self.told.append("end")


async def test_a_client_that_sends_nothing_has_as_long_as_a_head() -> None:
    """The first request's head has its own time; a connection that has served may rest for longer."""
    new, served = Given(head_seconds=1.0, keep_alive=5.0), Given(head_seconds=1.0, keep_alive=5.0)
    served._count = 1
    for connection in (new, served):
        connection.tick(0.9)
        assert connection.told == []
        connection.tick(0.2)
    assert (new.told, served.told) == (["end"], [])
    served.tick(4.0)
    assert served.told == ["end"]


async def test_half_a_head_is_refused() -> None:
    """Who began a head and does not finish it is counted as slow."""
    connection = Given(head_seconds=1.0)
    connection._count, connection._in_head = 3, True
    connection.tick(1.1)
    assert connection.told == ["408 slow-head", "end"]
