"""These tests run on the loop that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvloop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """uvloop, as in service: its transports differ from asyncio's where it matters here."""
    return {"uvloop": uvloop.new_event_loop}
