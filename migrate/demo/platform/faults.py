"""Slowing and breaking services on request, so that others can be tested against it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from gateway.core.errors import UsageError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_FOREVER = 3600.0


@dataclass(frozen=True)
class Fault:
    """What goes wrong, where and how often.

    `service` empty means every service; `method` and `path` (a prefix of the raw path) narrow it down. `delay` is
    seconds before anything else; `hang` never answers; `status` answers that instead of the service; `body_bytes`
    answers 200 with so many bytes; `abort` breaks the answer off after its headers. `times` 0 means until mended.
    """

    service: str = ""
    method: str = ""
    path: str = ""
    delay: float = 0.0
    status: int = 0
    body_bytes: int = 0
    hang: bool = False
    abort: bool = False
    times: int = 0

    @classmethod
    def from_json(cls, value: Any, services: tuple[str, ...]) -> Self:
        """A fault from a JSON object.

        Raises:
            UsageError: a key or the service is unknown, or a value has the wrong type.
        """
        try:
            fault = cls(**value)
        except TypeError:
            raise UsageError(f"a fault has the keys {', '.join(cls.__dataclass_fields__)}") from None
        if fault.service not in ("", *services):
            raise UsageError(f"service is one of {', '.join(services)}")
        if not all(isinstance(number, int | float) for number in (fault.delay, fault.status, fault.body_bytes)):
            raise UsageError("delay, status and body_bytes are numbers")
        return fault

    def strikes(self, service: str, method: str, path: str) -> bool:
        """Whether a request meets this fault."""
        return self.service in ("", service) and self.method in ("", method) and path.startswith(self.path)


class Faults:
    """The faults in force, first match wins."""

    def __init__(self) -> None:
        self._left: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Mend everything."""
        self._left.clear()

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The fault this request meets, counted down, or None."""
        for index, (fault, left) in enumerate(self._left):
            if fault.strikes(service, method, path):
                if left == 1:
                    del self._left[index]
                else:
                    self._left[index] = (fault, max(left - 1, 0))
                return fault
        return None


class Faulty:
    """ASGI middleware: applies the fault a request meets."""

    def __init__(self, app: ASGIApp, service: str, faults: Faults) -> None:
        self._app = app
        self._service = service
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Apply the fault that the request meets, if any."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path = scope["raw_path"].decode("latin-1")
        fault = self._faults.take(self._service, scope.get("method", "GET"), path)
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(_FOREVER if fault.hang else fault.delay)
        broken = fault.status or fault.body_bytes or fault.abort
        if broken and scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011})
        elif broken:
            await _answer(fault, send)
        else:
            await self._app(scope, receive, send)


async def _answer(fault: Fault, send: Send) -> None:
    body = json.dumps({"detail": "fault"}).encode() if not fault.body_bytes else b""
    length = fault.body_bytes or len(body)
    headers = [(b"content-length", str(length).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": fault.status or 200, "headers": headers})
    if fault.abort:
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError("a fault asked for it")
    for start in range(0, fault.body_bytes, 65536):
        piece = b"x" * min(65536, fault.body_bytes - start)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": body})
