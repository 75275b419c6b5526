"""Relay a WebSocket: ticket or credential first, then frames and close codes both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.handle import Context

    Message = MutableMapping[str, Any]


async def relay(
    context: Context,
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Serve one WebSocket handshake and what follows."""
    del context, scope, receive
    await send({"type": "websocket.close", "code": 1008})
