"""Bodies against each other, by content type; equal bytes are equal without a second look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff import json_body, multipart_body, pairs, stream
from shadow.diff.found import Budget, Found, bounded
from shadow.normalise.content import Content, Form, codings, media_type, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.core.exchange import Headers
    from shadow.diff.meaning import Meanings

Message = tuple["Headers", bytes]
"""Headers and body of one side."""


def diff(
    legacy: Message,
    gateway: Message,
    *,
    location: str = "body",
    declared: Mapping[str, str] | None = None,
    meanings: Meanings | None = None,
    budget: Budget | None = None,
) -> list[Found]:
    """Where two bodies differ; content encodings and chunking are invisible.

    `declared` names what tells list items apart, `meanings` what is compared by more than its spelling.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    if legacy[1] == gateway[1] and _label(legacy[0]) == _label(gateway[0]):
        return []
    ours, theirs = read(*legacy), read(*gateway)
    out = list(_encoding(ours, theirs, location))
    if ours.form is theirs.form and ours.data == theirs.data:
        return out
    if ours.form is not theirs.form:
        return [*out, _unlike(ours, theirs, location)]
    if ours.form is Form.JSON:
        budget = budget or Budget()
        out += json_body.diff(
            ours.value, theirs.value, location=location, declared=declared, meanings=meanings, budget=budget
        )
    elif ours.form is Form.STREAM:
        budget = budget or Budget()
        out += bounded(stream.diff(ours.value, theirs.value, budget, meanings), budget, stream.LOCATION)
    else:
        out += bounded(_plain(ours, theirs, location), budget or Budget(), location)
    return out


def _label(headers: Headers) -> tuple[str, tuple[str, ...]]:
    return media_type(headers), codings(headers)


def _encoding(ours: Content, theirs: Content, location: str) -> Iterator[Found]:
    if bool(ours.lie) != bool(theirs.lie):
        yield Found(location, "content-encoding", DifferenceKind.CHANGED, ours.lie or "true", theirs.lie or "true")


def _plain(ours: Content, theirs: Content, location: str) -> Iterator[Found]:
    match ours.form:
        case Form.FORM:
            yield from pairs.diff(pairs.decoded(ours.value), pairs.decoded(theirs.value), location)
        case Form.MULTIPART:
            yield from multipart_body.diff(ours, theirs, location)
        case Form.TEXT:
            if ours.value != theirs.value:
                yield Found(location, "text", DifferenceKind.CHANGED, ours.value, theirs.value)
        case _:
            yield Found(location, "digest", DifferenceKind.CHANGED, ours.data, theirs.data)


def _unlike(ours: Content, theirs: Content, location: str) -> Found:
    if theirs.form is Form.EMPTY:
        return Found(location, "", DifferenceKind.MISSING, ours.data, None)
    if ours.form is Form.EMPTY:
        return Found(location, "", DifferenceKind.EXTRA, None, theirs.data)
    if Form.HUGE in {ours.form, theirs.form}:
        return Found(location, "digest", DifferenceKind.CHANGED, ours.data, theirs.data)
    return Found(location, "content", DifferenceKind.TYPE, ours.broken or ours.form, theirs.broken or theirs.form)
