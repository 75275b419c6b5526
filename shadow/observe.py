"""The spine of one observation: pair → normalise → diff → classify → redact."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.core.digest import route_digest
from gateway.core.exchange import Failure
from gateway.core.observation import Observation, Verdict
from gateway.core.routes import Effect
from shadow.classes.addresses import untouched
from shadow.classes.rule import Case
from shadow.classify import explained, routine, verdict
from shadow.diff import exchanges
from shadow.diff.found import Budget, DeadlineError, Found
from shadow.pairing import DRY_RUN
from shadow.redact import Redactor
from shadow.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.core.exchange import Exchange
    from gateway.core.observation import Difference, Rule
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from shadow.pairing import Pair

_ERRORS = 400
_STATE = frozenset({"status", "body"})
"""Locations of a read that depend on what is stored."""

Explained = list[tuple[Found, str]]
"""Differences with what explains each."""


@dataclass(frozen=True)
class Setting:
    """What observing needs beside the pair; `now` gives seconds since the epoch, `seconds` bounds one comparison."""

    table: RouteTable
    fingerprint_key: bytes = field(repr=False)
    rules: Mapping[str, Rule]
    gateway_url: str
    version: str
    now: Callable[[], float]
    seconds: float = 2.0
    _digests: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def digest(self, route: Route) -> str:
        """The route's digest, computed once per setting."""
        if route.id not in self._digests:
            self._digests[route.id] = route_digest(self.table, route, self.version)
        return self._digests[route.id]


@dataclass(frozen=True, slots=True)
class _Judged:
    verdict: Verdict
    found: Explained
    note: str = ""


def observe(pair: Pair, setting: Setting) -> Observation:
    """The pair compared, judged and redacted; the result holds no secret and may be stored."""
    judged = _judge(pair, setting)
    redactor = Redactor(setting.fingerprint_key)
    redactor.know(pair.route, pair.legacy.request)
    shown = [redactor.exchange(pair.legacy), redactor.exchange(pair.gateway)]
    if pair.upstream is not None:
        shown[1]["upstream"] = redactor.request(pair.upstream)
    differences = [redactor.difference(found, by) for found, by in judged.found]
    note = redactor.text(judged.note)
    shape = redactor.text(shape_of(pair.route, pair.legacy.request))
    return _observation(
        pair,
        setting,
        verdict=judged.verdict,
        differences=tuple(redactor.scrubbed_difference(difference) for difference in differences),
        legacy=redactor.scrubbed(shown[0]),
        gateway=redactor.scrubbed(shown[1]),
        note=redactor.scrubbed(note),
        shape=redactor.scrubbed(shape),
    )


def needs_again(pair: Pair, setting: Setting) -> bool:
    """Whether legacy has to be asked a second time: the first two answers to a safe read differ unexplained."""
    if pair.route.effect is not Effect.READ or pair.again is not None or pair.refused or _failure(pair):
        return False
    try:
        return not _all_explained(_answers(pair, setting))
    except DeadlineError:
        return False


def _judge(pair: Pair, setting: Setting) -> _Judged:
    failure = _failure(pair)
    if failure and pair.answers is None:
        return _Judged(Verdict.FAILED, [], failure)
    try:
        answers, sent = _answers(pair, setting), _sent(pair, setting)
        found = [*answers, *sent]
        if failure:
            return _Judged(Verdict.FAILED, found, failure)
        if not _all_explained(found) and pair.again is not None:
            return _unless_overtaken(pair, _with_again(pair, setting, answers, sent))
    except DeadlineError:
        return _Judged(Verdict.FAILED, [], f"deadline: comparing took more than {setting.seconds:g} s")
    return _unless_overtaken(pair, _Judged(verdict(by for _, by in found), found))


def _unless_overtaken(pair: Pair, judged: _Judged) -> _Judged:
    """A write between the reads can change a status or a body; whatever else differs is the gateway's doing."""
    if judged.verdict is not Verdict.MISMATCH or not pair.overtaken:
        return judged
    if any(not by and one.location not in _STATE for one, by in judged.found):
        return judged
    return _Judged(Verdict.INCONCLUSIVE, judged.found, "the same subject wrote between the two reads")


def _failure(pair: Pair) -> str:
    """Why the two cannot be compared; empty when they can."""
    for side, exchange in (("gateway", pair.gateway), ("legacy", pair.legacy)):
        if isinstance(exchange.response, Failure):
            return f"{side}: {exchange.response.kind} {exchange.response.detail}".strip()
        if exchange.response.truncated:
            return f"{side}: the answer is cut off"
    dry = pair.mode == DRY_RUN and pair.upstream is None and not pair.refused
    if dry and not pair.legacy.request.is_preflight and _status(pair.gateway) < _ERRORS:
        return "gateway: the dry run's answer says no upstream request"
    return ""


def _answers(pair: Pair, setting: Setting) -> Explained:
    found = exchanges.answers(pair, Budget(setting.seconds))
    kept = untouched(Case(pair, setting.table, setting.gateway_url)) if pair.mode != DRY_RUN else ()
    return _explain(pair, setting, [*found, *kept])


def _sent(pair: Pair, setting: Setting) -> Explained:
    service = setting.table.services[pair.route.service]
    return _explain(pair, setting, exchanges.sent(pair, service, setting.fingerprint_key, Budget(setting.seconds)))


def _explain(pair: Pair, setting: Setting, found: Iterable[Found]) -> Explained:
    case, now = Case(pair, setting.table, setting.gateway_url), setting.now()
    each = [(one, explained(one, case, setting.rules, now)) for one in found]
    return [(one, by) for one, by in each if not routine(by)]


def _all_explained(found: Explained) -> bool:
    return all(by for _, by in found)


def _with_again(pair: Pair, setting: Setting, answers: Explained, sent: Explained) -> _Judged:
    """Inconclusive only when legacy changed between its reads and the gateway agrees with the second one."""
    second = pair.second_look()
    found = [*answers, *sent]
    if second is None or not _all_explained(sent):
        return _Judged(Verdict.MISMATCH, found)
    itself = replace(pair, gateway=second.legacy, again=None, upstream=None)
    if _all_explained(_answers(itself, setting)):
        return _Judged(Verdict.MISMATCH, found, "legacy gave the same answer twice")
    if _all_explained(_answers(second, setting)):
        return _Judged(
            Verdict.INCONCLUSIVE, found, "legacy changed between its two reads; the gateway gave the second"
        )
    return _Judged(Verdict.MISMATCH, found, "legacy changed between its two reads; the gateway gave neither")


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
        legacy_status=_status(pair.legacy),
        gateway_status=0 if dry and pair.upstream is not None else _status(pair.gateway),
        legacy_seconds=pair.legacy.total,
        gateway_seconds=0.0 if dry else pair.gateway.total,
        refused=_status(pair.gateway) if pair.refused else 0,
        differences=differences,
        **shown,
    )


def _status(exchange: Exchange) -> int:
    return 0 if isinstance(exchange.response, Failure) else exchange.response.status
