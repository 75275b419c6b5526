"""The gateway's own client as a candidate."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Request
from loadtests.bench.candidates.own import Own
from loadtests.bench.candidates.transport import Failed
from tests.apps.echo import raw, upstream


async def test_only_a_read_on_a_rested_connection_is_sent_again() -> None:
    """A read that breaks on a fresh connection fails; on a rested one it is sent once more, and then fails."""
    ask = Request("GET", "/", (("Host", "a"),))
    async with upstream() as up:
        own = Own()
        given = await own.send(up.address, ask)
        while await given.take():
            pass
        up.behave = raw(b"", keep=False)
        with pytest.raises(Failed):
            await own.send(up.address, ask)
        assert len(up.seen) == 3
        with pytest.raises(Failed):
            await own.send(up.address, ask)
        assert len(up.seen) == 4
        await own.close()
