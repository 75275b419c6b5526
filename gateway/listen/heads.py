"""Heads that clients sent before, byte for byte: what they mean need not be read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    Message = MutableMapping[str, Any]

ENTRIES = 1024
"""Heads that are remembered; when there are more, remembering begins anew."""
LONGEST, MOST = 4096, 128
"""Bytes and lines of a head beyond which it is not remembered."""


PEERS = 8
"""Ways to answer one head that are remembered, by who sends it."""
PATIENCE = 64
"""Of so many requests that find no room for another way, one makes it."""
Peer = tuple[str, bool]
"""The address that a connection comes from, and whether over TLS."""


class Shortcut(Protocol):
    """Whoever has learned how a request that comes again is answered."""

    def take(self, wire: Any) -> bool:
        """Answer the request on a connection (`gateway.listen.passage`); False has done nothing and leaves it."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Known:
    """One request without a body, on a connection that stays: its part of the ASGI scope, and the same as texts.

    The application may leave a shortcut there for each peer.
    """

    scope: Message
    target: bytes
    text: str
    headers: tuple[tuple[str, str], ...]
    shortcuts: dict[Peer, Shortcut] = field(default_factory=dict)
    turned_away: int = 0

    def has_room(self, peer: Peer) -> bool:
        """Whether a shortcut is worth learning for this one: where many send the same head, only some have one.

        Now and then one of the many takes the place of the first, who may have gone.
        """
        if len(self.shortcuts) < PEERS or peer in self.shortcuts:
            return True
        self.turned_away = (self.turned_away + 1) % PATIENCE
        return not self.turned_away

    def leave(self, peer: Peer, shortcut: Shortcut) -> None:
        """Let this shortcut be tried from now on; bounded."""
        if len(self.shortcuts) >= PEERS and peer not in self.shortcuts:
            del self.shortcuts[next(iter(self.shortcuts))]
        self.shortcuts[peer] = shortcut


class Heads:
    """What was read between two requests, by its bytes; bounded."""

    __slots__ = ("_known", "get")

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self.get = self._known.get

    def put(self, data: bytes, scope: Message) -> None:
        """Remember what these bytes mean, wherever a parser that owes nothing reads them and nothing else."""
        if len(data) > LONGEST or len(scope["headers"]) > MOST:
            return
        if len(self._known) >= ENTRIES:
            self._known.clear()
        target: bytes = scope["state"]["target"]
        own = ("http_version", "method", "path", "raw_path", "query_string", "headers")
        texts = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        kept = {name: scope[name] for name in own}
        self._known[data] = Known(kept, target, target.decode("utf-8", "surrogateescape"), texts)
