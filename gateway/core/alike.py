"""How near two values of one place are, told without the values: what a rule that names a meaning is judged by.

Distances are told in steps, so that what is counted by them stays bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.comparing import Like, Meaning

if TYPE_CHECKING:
    from collections.abc import Iterable

INSTANTS = (0.0, 0.001, 0.01, 0.1, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)
"""Seconds between two instants."""
APART = (1e-06, 0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
"""Between two numbers."""
SHARES = (0.0001, 0.001, 0.01, 0.05, 0.1)
"""Between two numbers, as a share of the larger."""
JUDGED = (Meaning.NUMBER, Meaning.TIMESTAMP, Meaning.UUID, Meaning.JWT, Meaning.URL)
"""Meanings that a rule may name; a model's text is declared where it is written."""
PLACES = ("body", "header", "cookie", "stream", "frame", "upstream.")
"""How locations begin whose values may mean the same; a status or an outcome means what it says."""
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_MARK = "~"


def steps(like: Like) -> tuple[float, ...]:
    """The distances that are told apart for a meaning; empty for one without distances."""
    if like.meaning is Meaning.NUMBER:
        return SHARES if like.relative else APART
    return INSTANTS if like.meaning is Meaning.TIMESTAMP else ()


def written(like: Like) -> str:
    """A meaning as `compare:` of a route says it: `uuid`, `timestamp 2s`, `number 0.01`, `number 5%`."""
    if not like.within:
        return str(like.meaning)
    if like.meaning is Meaning.TIMESTAMP:
        unit = next(unit for unit, seconds in _UNITS.items() if like.within >= seconds)
        return f"timestamp {like.within / _UNITS[unit]:g}{unit}"
    return f"number {like.within * 100:g}%" if like.relative else f"number {like.within:g}"


def read(text: str) -> Like:
    """The inverse of `written`."""
    name, _, far = text.partition(" ")
    if far.endswith("%"):
        return Like(Meaning(name), round(float(far[:-1]) / 100, 9), relative=True)
    number = far.rstrip("msh")
    return Like(Meaning(name), round(float(number or 0) * _UNITS.get(far[len(number) :], 1.0), 9))


def covers(meaning: str, alike: str) -> bool:
    """Whether values so near are the same to who asks for no more than this meaning."""
    wanted = read(meaning)
    near = (read(part) for part in _parts(alike))
    return any(_kind(one) == _kind(wanted) and one.within <= wanted.within for one in near)


def both(one: str, other: str) -> str:
    """What holds of two differences: the meanings of both, each with the greater distance."""
    if one == other:
        return one
    far = {_kind(like): like.within for like in map(read, _parts(one))}
    found = [like for like in map(read, _parts(other)) if _kind(like) in far]
    return joined(Like(like.meaning, max(like.within, far[_kind(like)]), like.relative) for like in found)


def joined(likes: Iterable[Like]) -> str:
    """Several meanings in one text, always in the same order."""
    return ", ".join(sorted(written(like) for like in likes))


def recorded(by: str, alike: str) -> str:
    """What explains a difference and how near its values are, as one text to count by."""
    return f"{by}{_MARK}{alike}" if alike else by


def parted(text: str) -> tuple[str, str]:
    """The inverse of `recorded`."""
    by, _, alike = text.partition(_MARK)
    return by, alike


def _kind(like: Like) -> tuple[Meaning, bool]:
    return like.meaning, like.relative


def _parts(text: str) -> list[str]:
    return text.split(", ") if text else []
