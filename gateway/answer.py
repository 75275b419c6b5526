"""What goes back to the client: status, headers, and a body that is whole or still arriving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from gateway.core.exchange import Headers


class Arriving(Protocol):
    """A body that is still arriving."""

    async def take(self) -> bytes:
        """The next piece, empty at the end; raises when the service breaks off or falls silent."""
        ...

    def close(self) -> None:
        """Give the rest up at once."""
        ...


class Answering(Arriving, Protocol):
    """A service's answer: its head, and the body that is still arriving."""

    status: int
    headers: Headers


@dataclass(slots=True)
class Answer:
    """What the client gets; `body` is whole or arriving. Nothing of it is assigned to; see `Request`."""

    status: Final[int]
    headers: Final[Headers] = ()
    body: Final[bytes | Arriving] = b""
