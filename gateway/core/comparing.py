"""What a value means, where a route says that two spellings of it are the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """The closed set of meanings by which two values may be compared instead of by their spelling."""

    NUMBER = "number"  # near enough
    TIMESTAMP = "timestamp"  # the same instant, in whatever zone and spelling
    UUID = "uuid"  # any UUID for any other, the same one every time
    JWT = "jwt"  # the same header, claims and lifetime; issued at another time
    URL = "url"  # the same path, query and fragment at another place
    TEXT = "text"  # what a model writes: there or not, and of one shape


@dataclass(frozen=True, slots=True)
class Like:
    """How one place is compared.

    `within` is how far two numbers, or two instants in seconds, may be apart; `relative` makes it a share (0.05 is
    5 %) of the larger number.
    """

    meaning: Meaning
    within: float = 0.0
    relative: bool = False
