"""Response headers against each other, by meaning where text misleads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values
from gateway.core.observation import DifferenceKind
from shadow.diff import named
from shadow.diff.found import Found
from shadow.normalise.content import codings
from shadow.normalise.framing import fault
from shadow.normalise.headers import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Exchange, Headers, Response

LOCATION = "header"
_VARY_ELSEWHERE = frozenset({"origin", "accept-encoding"})


def diff(legacy: Exchange, ours: Response, gateway: Exchange, theirs: Response) -> Iterator[Found]:
    """Headers missing, extra, changed, or another number of times; `content-length` when it is not true."""
    sent = legacy.request.headers
    yield from named.diff(
        comparable(ours.headers, legacy.request, sent), comparable(theirs.headers, gateway.request, sent), LOCATION
    )
    yield from _vary(ours.headers, theirs.headers)
    wrong = fault(gateway.request, theirs)
    if wrong and not fault(legacy.request, ours):
        yield Found(LOCATION, "content-length", DifferenceKind.CHANGED, "true", wrong)
    yield from _coding(sent, ours.headers, theirs.headers)


def _vary(ours: Headers, theirs: Headers) -> Iterator[Found]:
    left, right = (
        {item.strip().lower() for value in header_values(side, "vary") for item in value.split(",")}
        - _VARY_ELSEWHERE
        - {""}
        for side in (ours, theirs)
    )
    yield from named.diff({"vary": sorted(left)} if left else {}, {"vary": sorted(right)} if right else {}, LOCATION)


def _coding(sent: Headers, ours: Headers, theirs: Headers) -> Iterator[Found]:
    """A coding that the client did not ask for and legacy does not use."""
    accepted = {item.partition(";")[0].strip().lower() for item in (header(sent, "accept-encoding") or "").split(",")}
    used = set(codings(theirs)) - set(codings(ours))
    if "*" not in accepted and not used <= accepted | {"x-gzip"}:
        yield Found(LOCATION, "content-encoding", DifferenceKind.EXTRA, None, ", ".join(sorted(used)))
