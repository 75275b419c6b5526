"""A preview as lines for a terminal, and as a JSON value."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reports.figures import count, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reports.preview import Neighbour, Preview

_NAMED = 5
_VALUE = 60


def text(preview: Preview) -> str:
    """What the rule would hide, what it would not, and what lies beneath."""
    return "\n".join(_lines(preview))


def document(preview: Preview) -> dict[str, Any]:
    """The same for programs."""
    return asdict(preview)


def _lines(preview: Preview) -> Iterator[str]:
    yield f"{preview.signature}: {preview.route} {plain(preview.what)}"
    if preview.subjects:
        refused = f"{count(preview.observed, 'refusal')} of {count(preview.subjects, 'subject')}"
        yield f"  hides {refused} who would be locked out"
        return
    yield f"  hides it in {count(preview.observed, 'observation')} of the newest route digest" + (
        f", and in {count(preview.older)} of older ones" if preview.older else ""
    )
    yield (
        f"  {count(preview.agreeing)} of them count as expected then, {count(preview.pairs, 'pair')} for parity;"
        f" {count(preview.still)} stay a mismatch{_because(preview.because)}"
    )
    if preview.beyond:
        yield f"  {count(preview.beyond)} of those lie beyond {preview.meaning}: it holds for no more than that"
    if preview.values:
        yield f"  in {count(preview.samples, 'sample')} it is:"
    for value in preview.values[:_NAMED]:
        legacy, gateway = (plain(side, _VALUE) or "∅" for side in value.example)
        beyond = f" (beyond {preview.meaning})" if value.beyond else ""
        yield f"    {count(value.count)} of {value.legacy} → {value.gateway}, such as {legacy} → {gateway}{beyond}"
    yield from _more(len(preview.values))
    if preview.uncompared:
        yield f"  beneath it nobody looks at {plain(preview.uncompared)}"
    if preview.beneath:
        yield "  within the same place, and unseen where this one stands:"
        yield from _named(preview.beneath)
    if preview.elsewhere:
        yield "  the same on other routes, which this does not hide:"
        yield from _named(preview.elsewhere)


def _because(neighbours: tuple[Neighbour, ...]) -> str:
    if not neighbours:
        return ""
    named = ", ".join(f"{one.signature} ({plain(one.what)})" for one in neighbours[:_NAMED])
    rest = len(neighbours) - _NAMED
    return f" because of {named}{f' and {rest} more' if rest > 0 else ''}"


def _named(neighbours: Iterable[Neighbour]) -> Iterator[str]:
    listed = sorted(neighbours, key=lambda one: -one.count)
    for one in listed[:_NAMED]:
        standing = "open" if one.open else "explained"
        yield f"    {one.signature} {one.route} {plain(one.what)}, {count(one.count, 'time')}, {standing}"
    yield from _more(len(listed))


def _more(number: int) -> Iterator[str]:
    if number > _NAMED:
        yield f"    and {count(number - _NAMED)} more"
