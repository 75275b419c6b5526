"""A write that the gateway served: its answer beside the shape of legacy's answers. Nothing is sent for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers
from gateway.core.exchange import Response
from gateway.core.observation import REJECTED, Observation
from gateway.core.routes import Effect
from shadow.answer_shape import comparable, differences, shape_of
from shadow.classes.changes import covering
from shadow.classes.rule import Case
from shadow.classify import ruling, verdict
from shadow.pairing import ANSWER, Pair
from shadow.redact import Redactor

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from shadow.comparing import Setting
    from shadow.diff.found import Found
    from shadow.envelope import Copy


def lesson(route: Route, copy: Copy) -> Answers | None:
    """What legacy's answer to a write teaches; None where there is nothing to learn."""
    answer = copy.exchange.response
    if route.effect is not Effect.WRITE or copy.exchange.request.is_preflight or not isinstance(answer, Response):
        return None
    return Answers({(route.id, answer.status): shape_of(answer)}) if comparable(answer) else None


def checked(route: Route, copy: Copy, setting: Setting) -> Observation | None:
    """The observation where the gateway's answer is of another shape than legacy's; None where nothing differs.

    An answer that does not differ makes no observation: it was compared with no answer of legacy, and proves little.
    """
    exchange = copy.exchange
    if not isinstance(exchange.response, Response) or not comparable(exchange.response):
        return None
    found = differences(route.id, exchange.response, setting.answers)
    if not found:
        return None
    pair = Pair(route, exchange, exchange, ANSWER, "live", copy.subject)
    explained = [(one, _by(one, pair, setting)) for one in found]
    redactor = Redactor(setting.fingerprint_key)
    redactor.know(route, exchange.request)
    shown = redactor.exchange(exchange)
    named = [redactor.difference(one, by) for one, by in explained]
    return Observation(
        id=exchange.id,
        route=route.id,
        at=exchange.started or setting.now(),
        verdict=verdict(by for _, by in explained),
        mode=ANSWER,
        source="live",
        digest=setting.digest(route),
        subject=copy.subject,
        gateway_status=exchange.response.status,
        gateway_seconds=exchange.total,
        differences=tuple(redactor.scrubbed_difference(one) for one in named),
        legacy=redactor.scrubbed({"request": shown["request"]}),
        gateway=redactor.scrubbed(shown),
        note=_beside(route, exchange.response.status, setting.answers),
    )


def _by(found: Found, pair: Pair, setting: Setting) -> str:
    rule = ruling(found, pair.route.id, setting.rules)
    if rule is not None and rule.decision == REJECTED:
        return ""
    if rule is not None and rule.explains(setting.now()) and rule.covers(""):
        return f"rule:{rule.decision}"
    change = covering(found, Case(pair, setting.table, setting.gateway_url))
    return f"change:{change.id}" if change else ""


def _beside(route: Route, status: int, known: Answers) -> str:
    learned = known.shapes.get((route.id, status))
    times = learned.answers if learned else 0
    return f"a write that the gateway served: its answer beside the shape of {times} of legacy's with status {status}"
