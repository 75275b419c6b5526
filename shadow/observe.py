"""The spine of one observation: pair → normalise → diff → classify → redact."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.core.observation import Observation, Verdict
from shadow.classes.rule import Case
from shadow.classify import breaking
from shadow.comparing import Setting, all_explained, answers, failure, sent, status, unseen, with_itself
from shadow.diff.found import DeadlineError
from shadow.noise import Places, lesson
from shadow.pairing import DRY_RUN
from shadow.redact import Redactor
from shadow.shape import shape_of
from shadow.three_way import Ask, Judged, judge, wanted

if TYPE_CHECKING:
    from gateway.core.observation import Difference
    from gateway.store.noise import Lesson
    from shadow.comparing import Explained
    from shadow.pairing import Pair

__all__ = ["Ask", "Observed", "Setting", "observe", "observed", "wanted"]


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation, and what a sampled second read of legacy taught."""

    observation: Observation
    lesson: Lesson | None = None


def observe(pair: Pair, setting: Setting) -> Observation:
    """The pair compared, judged and redacted; the result holds no secret and may be stored."""
    return observed(pair, setting).observation


def observed(pair: Pair, setting: Setting) -> Observed:
    """The same with what there is to learn of legacy's own variation; neither holds a secret."""
    judged = _judge(pair, setting)
    redactor = Redactor(setting.fingerprint_key)
    redactor.know(pair.route, pair.legacy.request)
    shown = [redactor.exchange(pair.legacy), redactor.exchange(pair.gateway)]
    if pair.upstream is not None:
        shown[1]["upstream"] = redactor.request(pair.upstream)
    differences = _redacted(redactor, judged.found)
    note = redactor.text("; ".join(word for word in (judged.note, unseen(pair, setting)) if word))
    shape = redactor.text(shape_of(pair.route, pair.legacy.request))
    taught = _lesson(pair, setting, redactor, clean=all_explained(judged.found))
    observation = _observation(
        pair,
        setting,
        verdict=judged.verdict,
        differences=_scrubbed(redactor, differences),
        legacy=redactor.scrubbed(shown[0]),
        gateway=redactor.scrubbed(shown[1]),
        note=redactor.scrubbed(note),
        shape=redactor.scrubbed(shape),
    )
    return Observed(observation, taught)


def _judge(pair: Pair, setting: Setting) -> Judged:
    wrong = failure(pair)
    if wrong and pair.answers is None:
        return Judged(Verdict.FAILED, [], wrong)
    try:
        found, upstream = answers(pair, setting), sent(pair, setting)
        if wrong:
            return Judged(Verdict.FAILED, [*found, *upstream], wrong)
        return judge(pair, setting, found, upstream)
    except DeadlineError:
        return Judged(Verdict.FAILED, [], f"deadline: comparing took more than {setting.seconds:g} s")


def _lesson(pair: Pair, setting: Setting, redactor: Redactor, *, clean: bool) -> Lesson | None:
    """What a second read teaches that was made whatever the answers said: any other would find noise too often.

    What is breaking is told of every pair that is not `clean`, so that its place is never taken for noise.
    """
    second = pair.again if pair.sampled else None
    if second is not None and failure(replace(pair, legacy=second)):
        second = None
    if failure(pair) or pair.refused or (clean and second is None):
        return None
    try:
        found = answers(pair, setting)
        itself = with_itself(pair, setting) if second else []
    except DeadlineError:
        return None
    case = Case(pair, setting.table, setting.gateway_url)
    barred: Explained = [(one, by) for one, by in found if not by and breaking(one, case)]
    if second is None and not barred:
        return None
    if second is not None:
        redactor.exchange(second)
    sides = (itself, found if second else barred, barred)
    places = Places(*(_scrubbed(redactor, _redacted(redactor, side)) for side in sides))
    at = pair.legacy.started or setting.now()
    return lesson(pair.route.id, setting.digest(pair.route), places, at=at, reads=1 if second else 0)


def _redacted(redactor: Redactor, found: Explained) -> list[Difference]:
    return [redactor.difference(one, by) for one, by in found]


def _scrubbed(redactor: Redactor, differences: list[Difference]) -> tuple[Difference, ...]:
    return tuple(redactor.scrubbed_difference(difference) for difference in differences)


def _observation(
    pair: Pair, setting: Setting, *, verdict: Verdict, differences: tuple[Difference, ...], **shown: Any
) -> Observation:
    dry = pair.mode == DRY_RUN
    return Observation(
        id=pair.legacy.id or uuid.uuid4().hex,
        route=pair.route.id,
        at=pair.legacy.started or setting.now(),
        verdict=verdict,
        mode=pair.mode,
        source=pair.source,
        digest=setting.digest(pair.route),
        subject=pair.subject,
        legacy_status=status(pair.legacy),
        gateway_status=0 if dry and pair.upstream is not None else status(pair.gateway),
        legacy_seconds=pair.legacy.total,
        gateway_seconds=0.0 if dry else pair.gateway.total,
        refused=status(pair.gateway) if pair.refused else 0,
        differences=differences,
        **shown,
    )
