"""A client that does not take its answer is cut by the kernel, at no cost per request."""

from __future__ import annotations

import socket

_OPTION: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


def cut_when_stalled(listening: socket.socket, seconds: float) -> None:
    """End accepted connections whose peer acknowledges or takes nothing of what was sent for `seconds` (RFC 5482).

    Accepted sockets inherit it from the listening one. Where the system does not know it, nothing is cut.
    """
    if _OPTION is not None:
        listening.setsockopt(socket.IPPROTO_TCP, _OPTION, int(seconds * 1000))
