"""What may become of a key: the states of a claim, and what a request meets that comes with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """In flight, answered, or sent without anybody knowing what became of it."""

    FLIGHT = "flight"
    DONE = "done"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What a request with a key meets."""

    CLAIMED = "claimed"
    IN_FLIGHT = "in-flight"
    MISMATCH = "mismatch"
    REPLAYED = "replayed"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    AWAY = "away"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger keeps of one key; every text is a keyed digest, `answer` is sealed.

    `owner` is the attempt that claimed it. `body` is empty until a streamed body has passed. `holder` is the
    credential the claim was made with.
    """

    owner: str
    head: str
    body: str
    holder: str
    state: State = State.FLIGHT
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that stands in the way; `lapsed` when its owner has given no sign of life for a lease."""

    entry: Entry
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with a key: digests of its head and body, and of the credential it came with.

    `body` is empty while a streamed body is still to come. `verified` says that the credential was checked, and not
    only read.
    """

    slot: str
    head: str
    body: str
    holder: str
    verified: bool


def judge(found: Found | None, asked: Asked) -> Verdict:
    """What the request meets: nothing else with its key, or an earlier request in some state.

    COMPARE means that the earlier one is answered and the body must be read to tell whether it is the same.
    """
    if found is None:
        return Verdict.CLAIMED
    entry = found.entry
    if entry.head != asked.head or (asked.body and entry.body and entry.body != asked.body):
        return Verdict.MISMATCH
    if entry.state is State.FLIGHT:
        return Verdict.UNKNOWN if found.lapsed else Verdict.IN_FLIGHT
    if entry.state is State.UNKNOWN:
        return Verdict.UNKNOWN
    if entry.body and not asked.body:
        return Verdict.COMPARE
    return Verdict.REPLAYED if asked.verified or asked.holder == entry.holder else Verdict.WITHHELD


def writable(present: Entry | None, owner: str) -> bool:
    """Whether an attempt may write its entry: nobody has the key, or it has it itself."""
    return present is None or present.owner == owner


_AGAIN = frozenset({307, 308, 401, 403, 408, 425, 429})
"""Answers that say the request was not carried out and may come again as it is: elsewhere, later, or with a right."""


def kept(status: int) -> bool:
    """Whether an answer is final, so that the same key gets it again.

    A 5xx is: it does not mean that nothing happened (the platform deletes a deployment, then answers 500).
    """
    return status not in _AGAIN
