"""A route's `shadow:` section: how it is copied, and what counts as the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, filled, json_path, share, whole, word
from gateway.core.comparing import Like, Meaning
from gateway.core.routes import ShadowPolicy

if TYPE_CHECKING:
    from gateway.config.section import Section

_PLACE = re.compile(r"\$(\.[^.\[\]\s]+|\[\*\])*|(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MEANING = word(*Meaning)


def read_shadow(section: Section) -> ShadowPolicy:
    """The section's policy; usual values where it says nothing."""
    usual = ShadowPolicy()
    policy = ShadowPolicy(
        mode=section.read("mode", word("compare", "off"), usual.mode),
        sample=section.read("sample", share, usual.sample),
        budget=section.read("budget", whole(0), usual.budget),
        second=section.read("second", share, usual.second),
        identity=section.section("identity").pairs(json_path, filled),
        compare=section.section("compare").pairs(compared_place, like),
    )
    for path, member in policy.identity.items():
        if f"{path}[*].{member}" in policy.compare:
            problem = f"{member} tells the items of {path} apart, so it cannot be another value that means the same"
            section.wrong("compare", problem, f"remove {path} from identity:, or {path}[*].{member} from compare:")
    section.close()
    return policy


def compared_place(text: str) -> str:
    """A place in an answer: `$.items[*].at` in JSON bodies, events and messages, `header:NAME`, `cookie:NAME`."""
    if not _PLACE.fullmatch(text):
        raise Wrong(f"{text!r:.60} is no place", "write $.member, $.list[*].member, header:NAME or cookie:NAME")
    return text.lower() if text.startswith("header:") else text


def like(text: str) -> Like:
    """A meaning, with how far two values may be apart: `uuid`, `number 0.01`, `number 5%`, `timestamp 2s`."""
    name, _, far = text.strip().partition(" ")
    meaning, far = Meaning(_MEANING(name)), far.strip()
    if not far:
        return Like(meaning)
    match meaning:
        case Meaning.TIMESTAMP:
            return Like(meaning, duration(far))
        case Meaning.NUMBER:
            return Like(meaning, _apart(far), relative=far.endswith("%"))
        case _:
            raise Wrong(f"{text!r:.40} says how far apart, and only number and timestamp can", f"write {meaning}")


def _apart(text: str) -> float:
    if text.endswith("%"):
        return share(text)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise Wrong(f"{text!r:.40} is no difference", "write a number, like 0.01, or a share, like 5%")
    return value
