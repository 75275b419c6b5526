"""Defects of event streams: what is in them, how they end, when they come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.handle import Parts
from tests.catalogue.defect import RESPONSE, Defect, streaming
from tests.catalogue.rig import Asked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Events = AsyncIterator[bytes]

_JSON = (("Content-Type", "application/json"),)
_DONE = b"data: [DONE]\n\n"
FEED = Asked("notes", "GET", "/feed")


def chat(said: bytes) -> Asked:
    """A streamed completion of the platform's model."""
    body = b'{"model":"{external_model}","stream":true,"messages":[{"role":"user","content":"%b"}]}' % said
    return Asked("inference", "POST", "/v1/chat/completions", "{api_key}", _JSON, body)


def _each(change: Callable[[int, bytes], bytes]) -> Callable[[], Parts]:
    """Each event replaced by some bytes, by its place."""

    async def changed(events: Events) -> Events:
        place = 0
        async for event in events:
            piece = change(place, event)
            place += 1
            if piece:
                yield piece

    return streaming(changed)


async def _held_back(events: Events) -> Events:
    yield b"".join([event async for event in events])


async def _late(*arguments: Any, **options: Any) -> Any:
    await asyncio.sleep(1.3)
    return await Parts().forward(*arguments, **options)


async def _swapped(events: Events) -> Events:
    held = [await anext(events), await anext(events)]
    yield held[1]
    yield held[0]
    async for event in events:
        yield event


async def _without_last(events: Events) -> Events:
    held = await anext(events)
    async for event in events:
        if event != _DONE:
            yield held
            held = event
        else:
            yield event


async def _done_too_early(events: Events) -> Events:
    held = await anext(events)
    async for event in events:
        if event == _DONE:
            yield event
        else:
            yield held
            held = event
    yield held


async def _cut(events: Events) -> Events:
    held = await anext(events)
    async for event in events:
        yield held
        held = event
    yield held[:6]


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "buffered-stream",
        "events are held back and come at once",
        FEED,
        RESPONSE,
        ("stream:cadence changed",),
        streaming(_held_back),
    ),
    Defect(
        "late-stream",
        "the first event comes more than a second late",
        FEED,
        RESPONSE,
        ("stream:first event changed",),
        lambda: Parts(forward=_late),
    ),
    Defect(
        "lost-event",
        "an event in the middle is lost",
        FEED,
        RESPONSE,
        ("stream:events[*] missing",),
        _each(lambda place, event: b"" if place == 2 else event),
    ),
    Defect(
        "lost-last-event",
        "the last event is lost",
        FEED,
        RESPONSE,
        ("stream:events[*] missing",),
        streaming(_without_last),
    ),
    Defect(
        "doubled-event",
        "an event comes twice",
        FEED,
        RESPONSE,
        ("stream:events[*] extra",),
        _each(lambda place, event: event * 2 if place == 1 else event),
    ),
    Defect(
        "reordered-events", "two events change places", FEED, RESPONSE, ("stream:events order",), streaming(_swapped)
    ),
    Defect(
        "changed-event",
        "an event says something else",
        FEED,
        RESPONSE,
        ("stream:events[*]$.n changed",),
        _each(lambda _place, event: event.replace(b'"n": 3', b'"n": 7')),
    ),
    Defect(
        "lost-done",
        "a stream ends without [DONE]",
        FEED,
        RESPONSE,
        ("stream:done missing",),
        _each(lambda _place, event: b"" if event == _DONE else event),
    ),
    Defect(
        "early-done",
        "a stream's last event comes after [DONE], where no client reads it",
        FEED,
        RESPONSE,
        ("stream:done order",),
        streaming(_done_too_early),
    ),
    Defect(
        "retry-added",
        "clients are told to connect again every millisecond",
        FEED,
        RESPONSE,
        ("stream:retry extra",),
        _each(lambda place, event: b"retry: 1\n" + event if place == 0 else event),
    ),
    Defect(
        "doubled-done",
        "a stream ends twice",
        FEED,
        RESPONSE,
        ("stream:done count",),
        _each(lambda _place, event: event * 2 if event == _DONE else event),
    ),
    Defect(
        "cut-end",
        "a stream's last event is cut off",
        FEED,
        RESPONSE,
        ("stream:done missing", "stream:tail extra"),
        streaming(_cut),
    ),
    Defect(
        "named-event",
        "events get a name, which listeners do not listen for",
        FEED,
        RESPONSE,
        ("stream:events[*].event changed",),
        _each(lambda place, event: b"event: item\n" + event if place == 0 else event),
    ),
    Defect(
        "lost-word",
        "a word of a completion is lost",
        chat(b"one two three"),
        RESPONSE,
        ("stream:events[*] missing",),
        _each(lambda place, event: b"" if place == 3 else event),
    ),
    Defect(
        "lost-error",
        "a stream does not say that the model failed",
        chat(b"FAIL500"),
        RESPONSE,
        ("stream:error missing",),
        _each(lambda _place, event: b"" if b'"error"' in event else event),
    ),
)
