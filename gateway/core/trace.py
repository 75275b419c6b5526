"""W3C Trace Context, level 2: what a request belongs to, and how that is told onward."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

PARENT, STATE = "traceparent", "tracestate"
NAMES = frozenset({PARENT, STATE})
_SHAPE = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NEWEST = "ff"
_KNOWN_FLAGS = 0x03
"""Sampled and random; all others must be sent as zero (§3.2.2.5)."""
SAMPLED = "01"
_MEMBERS, _LONGEST = 32, 4096
_DIGITS = 48
"""Hexadecimal digits of a trace id and a span."""
_BLOCK = 128 * _DIGITS
_PRINTABLE = re.compile(r"[\x20-\x7e\t]*")


_CHANCES: list[str] = []


def _chance() -> str:
    # One call of the system for many requests: it costs more than the rest of a trace.
    if not _CHANCES:
        block = os.urandom(_BLOCK // 2).hex()
        _CHANCES.extend([block[at : at + _DIGITS] for at in range(0, _BLOCK, _DIGITS)])
    return _CHANCES.pop()


class Trace(NamedTuple):
    """A trace: its id, our own span in it, the flags, and what vendors wrote of it. All hexadecimal in lower case."""

    id: str
    span: str
    flags: str
    state: str = ""

    def headers(self) -> Headers:
        """The headers for a service, which is a child of our span."""
        parent = (PARENT, f"00-{self.id}-{self.span}-{self.flags}")
        return (parent, (STATE, self.state)) if self.state else (parent,)


class Parent(NamedTuple):
    """What a `traceparent` says: the trace, the caller's span, the flags that are known."""

    id: str
    span: str
    flags: str


def parsed(value: str) -> Parent | None:
    """What a `traceparent` says, None when it says nothing (§3.2.2): then the trace begins anew.

    A version that is not known yet is read as far as it looks like this one.
    """
    found = _SHAPE.fullmatch(value)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == _NEWEST or (version == "00" and more) or not trace.strip("0") or not span.strip("0"):
        return None
    return Parent(trace, span, f"{int(flags, 16) & _KNOWN_FLAGS:02x}")


def trace_of(headers: Headers) -> Trace:
    """The trace of a request with a span of our own: the client's where its headers hold, else a new one."""
    return continued(headers) or new_trace()


def new_trace() -> Trace:
    """A trace that begins here."""
    return Trace(*new_ids(), SAMPLED)


def new_ids() -> tuple[str, str]:
    """A trace id and a span that nobody had before."""
    chance = _chance()
    return chance[:32], chance[32:]


def new_span() -> str:
    """A span that nobody had before."""
    return _chance()[32:]


def continued(headers: Headers) -> Trace | None:
    """The client's trace with a span of our own; None where its headers do not hold."""
    parents: list[str] = []
    states: list[str] = []
    for name, value in headers:
        # Most names have another length, and lowering every one costs more than everything else here.
        if len(name) == len(PARENT) and name.lower() == PARENT:
            parents.append(value)
        elif len(name) == len(STATE) and name.lower() == STATE:
            states.append(value)
    given = parsed(parents[0].strip(" \t")) if len(parents) == 1 else None
    if given is None:
        return None
    return Trace(given.id, _chance()[32:], given.flags, _state(states) if states else "")


def _state(values: list[str]) -> str:
    """The list as one value (§3.3.1), or nothing where it could not be passed on whole."""
    state = ",".join(values)
    members = [member for member in state.split(",") if member.strip(" \t")]
    fine = len(state) <= _LONGEST and len(members) <= _MEMBERS and _PRINTABLE.fullmatch(state)
    return ",".join(members) if fine else ""
