"""How an upstream exchange fails; each failure says whether the service may have seen the request.

TransportError
├── ConnectFailed, ConnectTimedOut   nothing was sent
├── Broken      the connection ended or spoke no HTTP
└── Silent      a time limit passed without a byte
"""

from __future__ import annotations

from typing import Self


class TransportError(Exception):
    """An upstream exchange that did not complete. `sent` says whether a byte of the request went out."""

    def __init__(self, detail: str, *, sent: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent

    def again(self) -> Self:
        """The same, raised nowhere yet: what was raised holds the frames it came through, and all that they hold."""
        return type(self)(str(self), **vars(self))


class ConnectFailed(TransportError):  # noqa: N818 - named for what happened
    """No connection could be made."""


class ConnectTimedOut(TransportError):  # noqa: N818 - named for what happened
    """No connection was made in time."""


class Broken(TransportError):  # noqa: N818 - named for what happened
    """The connection ended too early or carried no HTTP. `stale`: it was pooled, and not a byte came back."""

    def __init__(self, detail: str, *, sent: bool = True, stale: bool = False) -> None:
        super().__init__(detail, sent=sent)
        self.stale = stale


class Silent(TransportError):  # noqa: N818 - named for what happened
    """Nothing came within the time limit."""
