"""Every difference of a pair with what explains each: what verdicts are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers
from gateway.core.digest import route_digest
from gateway.core.exchange import Failure
from gateway.core.noise import place_of
from shadow.classes.addresses import untouched
from shadow.classes.rule import Case
from shadow.classify import explained, routine, ruling
from shadow.diff import exchanges
from shadow.diff.found import Budget, Found
from shadow.diff.nearness import noted
from shadow.pairing import DRY_RUN, READ
from shadow.sums import diff, incomparable, without_lengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.core.exchange import Exchange
    from gateway.core.observation import Rule
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from shadow.noise import Learned
    from shadow.pairing import Pair

_ERRORS = 400

Explained = list[tuple[Found, str]]
"""Differences with what explains each; an empty text means that nothing does."""


@dataclass(frozen=True)
class Setting:
    """What observing needs beside the pair; `now` gives seconds since the epoch, `seconds` bounds one comparison.

    `noise` is what has been learned so far of how often legacy disagrees with itself, `answers` the shapes of its
    answers to writes.
    """

    table: RouteTable
    fingerprint_key: bytes = field(repr=False)
    rules: Mapping[str, Rule]
    gateway_url: str
    version: str
    now: Callable[[], float]
    seconds: float = 2.0
    noise: Learned = field(default_factory=lambda: MappingProxyType({}))
    answers: Answers = field(default_factory=Answers)
    _digests: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def digest(self, route: Route) -> str:
        """The route's digest, computed once per setting."""
        if route.id not in self._digests:
            self._digests[route.id] = route_digest(self.table, route, self.version)
        return self._digests[route.id]


def failure(pair: Pair) -> str:
    """Why the two cannot be compared; empty when they can."""
    for side, exchange in (("gateway", pair.gateway), ("legacy", pair.legacy)):
        if isinstance(exchange.response, Failure):
            return f"{side}: {exchange.response.kind} {exchange.response.detail}".strip()
        if exchange.response.truncated:
            return f"{side}: the answer is cut off"
    if pair.mode != DRY_RUN and incomparable(pair):
        return "a body is too large to be kept, and the two are coded differently"
    dry = pair.mode == DRY_RUN and pair.upstream is None and not pair.refused
    if dry and not pair.legacy.request.is_preflight and status(pair.gateway) < _ERRORS:
        return "gateway: the dry run's answer says no upstream request"
    return ""


def answers(pair: Pair, setting: Setting) -> Explained:
    """Where the two answers differ.

    Raises:
        DeadlineError: it takes longer than the setting allows.
    """
    found = _differences(pair, setting)
    kept = untouched(Case(pair, setting.table, setting.gateway_url)) if pair.mode != DRY_RUN else ()
    return _explain(pair, setting, [*found, *kept])


def with_itself(pair: Pair, setting: Setting) -> Explained:
    """Where legacy's second answer differs from its first.

    Raises:
        DeadlineError: it takes longer than the setting allows.
    """
    assert pair.again is not None  # noqa: S101 - asked only of pairs that have one
    itself = replace(pair, gateway=pair.again, again=None, retried=None, upstream=None, refused=False)
    return _explain(itself, setting, _differences(itself, setting))


def sent(pair: Pair, setting: Setting) -> Explained:
    """Where the request that reaches the service differs from the dashboard's own.

    Raises:
        DeadlineError: it takes longer than the setting allows.
    """
    service = setting.table.services[pair.route.service]
    return _explain(pair, setting, exchanges.sent(pair, service, setting.fingerprint_key, Budget(setting.seconds)))


def unseen(pair: Pair, setting: Setting) -> str:
    """What could not be compared beside the answers, in words; empty when everything was."""
    if pair.source != "live" or pair.mode != READ or not setting.table.mirroring.foreign:
        return ""
    return "not compared: the request upstream, which a gateway that is not ours does not show"


def all_explained(found: Explained) -> bool:
    """Whether nothing waits for review."""
    return all(by for _, by in found)


def status(exchange: Exchange) -> int:
    """The status of an answer; 0 for none."""
    return 0 if isinstance(exchange.response, Failure) else exchange.response.status


def _differences(pair: Pair, setting: Setting) -> list[Found]:
    found = exchanges.answers(without_lengths(pair), Budget(setting.seconds))
    return found if pair.mode == DRY_RUN else [*found, *diff(pair, setting.fingerprint_key)]


def _explain(pair: Pair, setting: Setting, found: Iterable[Found]) -> Explained:
    case, now, digest = Case(pair, setting.table, setting.gateway_url), setting.now(), setting.digest(pair.route)
    each = []
    for one in noted(found):
        tally = setting.noise.get((pair.route.id, digest, place_of(one.location, one.path, one.kind)))
        by = explained(one, case, setting.rules, now, noisy=tally is not None and tally.explains)
        each.append((one if _by_meaning(one, by, pair, setting) else replace(one, alike=""), by))
    return [(one, by) for one, by in each if not routine(by)]


def _by_meaning(one: Found, by: str, pair: Pair, setting: Setting) -> bool:
    """Whether it must be told how near the values are: what is explained without that would only be counted apart."""
    rule = ruling(one, pair.route.id, setting.rules) if by.startswith("rule:") else None
    return not by or (rule is not None and bool(rule.meaning))
