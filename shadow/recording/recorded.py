"""What a recording holds, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.exchange import Exchange

PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class RecordingError(ConfigError):
    """A recording that cannot be read: one line with what could be read and where it breaks."""


class EntryError(ValueError):
    """One entry of a recording makes no sense; the reader adds where it stands."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request was sent: scheme, host in lower case without brackets, port (0 for schemes without one)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        if not self.host:
            return f"{self.scheme}:"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded exchange; `number` counts from 0 in the file, the exchange's service is still empty.

    `notes` say what the file does not hold or what was mended in reading, for a person.
    """

    number: int
    origin: Origin
    exchange: Exchange
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording read whole; `form` is `har` or `flow`."""

    path: Path
    form: str
    entries: tuple[Recorded, ...]

    @property
    def ended(self) -> float:
        """Seconds since the epoch when the last exchange began; 0 for an empty recording."""
        return max((entry.exchange.started for entry in self.entries), default=0.0)
