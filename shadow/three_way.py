"""Legacy, gateway, legacy again: whether a difference is a race, a mismatch, or one that comes and goes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.core.exchange import Response
from gateway.core.noise import place_of
from gateway.core.observation import DifferenceKind, Verdict
from gateway.core.routes import Effect
from shadow.classify import ruling, verdict
from shadow.comparing import all_explained, answers, failure, with_itself
from shadow.diff.found import DeadlineError
from shadow.pairing import SERVED

if TYPE_CHECKING:
    from gateway.core.exchange import Exchange
    from shadow.comparing import Explained, Setting
    from shadow.diff.found import Found
    from shadow.pairing import Pair

_STATE = frozenset({"status", "body"})
"""Locations of a read that depend on what is stored."""


class Ask(StrEnum):
    """Whom to ask next, so that a difference can be judged."""

    NOBODY = "nobody"
    LEGACY = "legacy"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what was found and a word on why."""

    verdict: Verdict
    found: Explained
    note: str = ""


def wanted(pair: Pair, setting: Setting) -> Ask:
    """Legacy again when the first two answers to a safe read differ unexplained, and then the gateway again.

    The gateway is not asked where legacy itself changed, unless the same subject wrote lately.
    """
    if pair.route.effect is not Effect.READ or pair.refused or failure(pair):
        return Ask.NOBODY
    if pair.again is not None and (pair.retried is not None or not _whole(pair.again)):
        return Ask.NOBODY
    try:
        if all_explained(answers(pair, setting)):
            return Ask.NOBODY
        if pair.again is None:
            return Ask.LEGACY
        moved = not all_explained(with_itself(pair, setting))
        wrote = pair.writes or pair.settling
        return Ask.NOBODY if moved and (not wrote or _gave_the_second(pair, setting)) else Ask.GATEWAY
    except DeadlineError:
        return Ask.NOBODY


def judge(pair: Pair, setting: Setting, found: Explained, sent: Explained) -> Judged:
    """The verdict over the answers' differences `found` and those of the request sent upstream.

    It is a race, and inconclusive, only if legacy changed between its two reads and the gateway gave the second. If
    legacy gives the same twice it is a mismatch, also when the gateway, asked again, agrees: then of the kind
    `intermittent`. What the same subject wrote meanwhile can excuse a status or a body in two more cases, which
    `_under_way` and `_undone` tell; nothing else ever.

    Raises:
        DeadlineError: it takes longer than the setting allows.
    """
    everything = [*found, *sent]
    if all_explained(everything):
        return Judged(verdict(by for _, by in everything), everything)
    if pair.again is None or not all_explained(sent):
        return _without_second(pair, everything, "")
    if not _whole(pair.again):
        return _without_second(pair, everything, "legacy gave no second answer")
    if all_explained(with_itself(pair, setting)):
        return _said_twice(pair, setting, found, sent)
    return _changed(pair, setting, found, everything)


def _changed(pair: Pair, setting: Setting, found: Explained, everything: Explained) -> Judged:
    if _gave_the_second(pair, setting):
        return _inconclusive(everything, "legacy changed between its two reads; the gateway gave the second")
    if _under_way(pair, setting, found):
        return _inconclusive(everything, "the same subject wrote between the reads; the gateway followed")
    return Judged(Verdict.MISMATCH, everything, "legacy changed between its two reads; the gateway gave neither")


def _said_twice(pair: Pair, setting: Setting, found: Explained, sent: Explained) -> Judged:
    agreed = _agree_again(pair, setting)
    if _undone(pair, found, agreed=agreed):
        return _inconclusive([*found, *sent], "the same subject wrote between the reads and may have undone it")
    if not agreed:
        return Judged(Verdict.MISMATCH, [*found, *sent], "legacy gave the same answer twice")
    marked = [*_intermittent(pair, setting, found), *sent]
    note = "legacy gave the same answer twice; the gateway gave it when asked again"
    return Judged(verdict(by for _, by in marked), marked, note)


def _without_second(pair: Pair, found: Explained, note: str) -> Judged:
    """Nothing is known of what legacy says now: a write of the same subject is all that can excuse."""
    if pair.writes and _only_state(found):
        return _inconclusive(found, "the same subject wrote between the two reads")
    return Judged(Verdict.MISMATCH, found, note)


def _under_way(pair: Pair, setting: Setting, found: Explained) -> bool:
    """A write of the subject's own was being worked off.

    Legacy changed, and the gateway saw a state in between: it differs only where legacy itself changed, or says now
    what legacy says.
    """
    if not (pair.writes or pair.settling) or not _only_state(found):
        return False
    changed = {_spot(one) for one, _ in with_itself(pair, setting)}
    return all(by or _spot(one) in changed for one, by in found) or _agree_again(pair, setting)


def _undone(pair: Pair, found: Explained, *, agreed: bool) -> bool:
    """The subject may have changed something and changed it back.

    That takes two writes: one cannot undo itself. Where the gateway served, its answer came first, and one write is
    enough to part it from both of legacy's. A gateway that differs still must have been parted by another write.
    """
    needed = (1 if pair.mode == SERVED else 2) + (not agreed)
    return pair.writes >= needed and _only_state(found)


def _gave_the_second(pair: Pair, setting: Setting) -> bool:
    second = pair.second_look()
    return second is not None and all_explained(answers(second, setting))


def _agree_again(pair: Pair, setting: Setting) -> bool:
    third = pair.third_look()
    return third is not None and _whole(third.gateway) and all_explained(answers(third, setting))


def _intermittent(pair: Pair, setting: Setting, found: Explained) -> Explained:
    """The unexplained differences under a signature of their own, which is reviewed on its own."""
    now, out = setting.now(), []
    for one, by in found:
        if by:
            out.append((one, by))
            continue
        marked = replace(one, kind=DifferenceKind.INTERMITTENT)
        rule = ruling(marked, pair.route.id, setting.rules)
        known = rule is not None and rule.explains(now) and rule.covers("")
        out.append((marked, f"rule:{rule.decision}" if rule and known else ""))
    return out


def _spot(found: Found) -> tuple[str, str]:
    """Where a difference is; a status is one place, whatever it was and is."""
    place = place_of(found.location, found.path, found.kind)
    return found.location, "" if found.location == "status" else place.pattern


def _only_state(found: Explained) -> bool:
    return all(by or one.location in _STATE for one, by in found)


def _whole(exchange: Exchange) -> bool:
    return isinstance(exchange.response, Response) and not exchange.response.truncated


def _inconclusive(found: Explained, note: str) -> Judged:
    return Judged(Verdict.INCONCLUSIVE, found, note)
