from __future__ import annotations

import time

from shadow.reach import Reach
from tests.apps.oddities import Oddities
from tests.apps.shadowed import free_port


async def test_a_listener_is_reached() -> None:
    """An address that accepts is reached each time it is asked for."""
    async with Oddities() as service:
        reach = Reach("127.0.0.1", service.port)
        assert await reach.accepts()
        assert await reach.accepts()


async def test_a_dead_address_is_asked_again_after_the_pause() -> None:
    """After a failure the answer is no at once, until the pause is over and the address accepts."""
    port = free_port()
    reach = Reach("127.0.0.1", port, pause=0.2)
    assert not await reach.accepts()
    async with Oddities(port=port):
        assert not await reach.accepts()
        deadline = time.monotonic() + 10
        while not await reach.accepts():
            assert time.monotonic() < deadline


async def test_a_black_hole_costs_no_more_than_the_timeout() -> None:
    """Where nothing answers at all, the answer is no within the timeout."""
    before = time.monotonic()
    assert not await Reach("192.0.2.1", 9, timeout=0.1).accepts()
    assert time.monotonic() - before < 5
