"""A model's text comes in as many pieces as it likes: events that differ in their pieces only are one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.comparing import Meaning
from shadow.diff import json_path
from shadow.normalise.json_value import canonical

if TYPE_CHECKING:
    from shadow.diff.meaning import Meanings
    from shadow.normalise.events import Event

ROOT = json_path.ROOT


def folded(events: list[Event], meanings: Meanings) -> list[Event]:
    """The events with each run of alike ones as its first, which holds the joined text of all of them."""
    out: list[Event] = []
    runs: list[list[Any]] = []
    last = ""
    for event in events:
        key = _key(event, meanings)
        if out and key and key == last:
            runs[-1].append(event.json)
        else:
            out.append(event)
            runs.append([event.json])
        last = key
    return [
        replace(event, json=_joined(run, ROOT, meanings)) if len(run) > 1 else event
        for event, run in zip(out, runs, strict=True)
    ]


def _key(event: Event, meanings: Meanings) -> str:
    if not event.is_json:
        return ""
    return "\0".join((event.type, canonical(meanings.masked(event.json, ROOT))))


def _joined(run: list[Any], path: str, meanings: Meanings) -> Any:
    """The first of alike documents, with the texts of all of them where a text is a model's."""
    first = run[0]
    like = meanings.at(path)
    if like is not None:
        joinable = like.meaning is Meaning.TEXT and all(isinstance(one, str) for one in run)
        return "".join(run) if joinable else first
    if isinstance(first, dict):
        return {name: _joined([one[name] for one in run], json_path.member(path, name), meanings) for name in first}
    if isinstance(first, list):
        return [_joined([one[at] for one in run], json_path.position(path, at), meanings) for at in range(len(first))]
    return first
