from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.answer_shape import Answers
from gateway.core.exchange import Exchange, Failure, Request, Response
from gateway.core.observation import REJECTED, Difference, DifferenceKind, Rule, Verdict
from gateway.core.routes import Change, Effect
from shadow.answer_shape import SURE, shape_of
from shadow.answered import checked, lesson
from shadow.envelope import Copy
from shadow.plan import Copying
from tests.shadow.cases import TABLE, answer, setting, table

if TYPE_CHECKING:
    from shadow.comparing import Setting

WRITE = next(route for route in TABLE.routes if route.effect is Effect.WRITE)
READ = next(route for route in TABLE.routes if route.effect is Effect.READ)
MADE = {"id": "1", "secret_key": "sk-hidden-value", "name": "alice@demo.example"}
LOST = Difference("shape", "$.id", DifferenceKind.MISSING)


def copy(response: Response | Failure, route: str = WRITE.id) -> Copy:
    """A write with its answer."""
    asked = Request(WRITE.legacy.method, "/x", (("Authorization", "Bearer very-secret-token-value"),), b"{}")
    return Copy(route, {}, Copying.ANSWER, "u-1", Exchange("e-1", WRITE.service, asked, response, 500.0, 0.1, 0.3))


def taught(body: Any = MADE, **more: Any) -> Setting:
    """A setting that knows legacy's answers."""
    return replace(setting(**more), answers=Answers({(WRITE.id, 201): reduce(add, [shape_of(answer(body))] * SURE)}))


def test_a_lost_member_is_a_mismatch_by_name() -> None:
    """The observation names place and kind, is of a mode of its own, and counts as no answer of legacy."""
    seen = checked(WRITE, copy(answer({"secret_key": "sk-x", "name": "n"}, status=201)), taught())
    assert seen is not None
    assert (seen.route, seen.verdict, seen.mode, seen.source) == (WRITE.id, Verdict.MISMATCH, "answer", "live")
    (found,) = seen.differences
    assert (found.location, found.path, found.kind, found.by) == ("shape", "$.id", DifferenceKind.MISSING, "")
    assert (found.legacy, found.gateway) == ("string", "")
    assert (seen.legacy_status, seen.gateway_status, seen.gateway_seconds) == (0, 201, 0.3)
    assert f"beside the shape of {SURE} of legacy's with status 201" in seen.note
    assert set(seen.legacy) == {"request"}


def test_it_holds_no_secret() -> None:
    """Keys, tokens and addresses of the exchange are not in it."""
    seen = checked(WRITE, copy(answer({**MADE, "id": 7}, status=201)), taught())
    assert seen is not None
    for secret in ("very-secret-token-value", "sk-hidden-value", "alice@demo.example"):
        assert secret not in repr(seen)


@pytest.mark.parametrize(
    "response",
    [
        answer(MADE, status=201),
        answer({"detail": "taken"}, status=409),
        answer(b"Internal Server Error", status=500),
        Failure("broken", "gone"),
    ],
)
def test_a_healthy_answer_makes_no_observation(response: Response | Failure) -> None:
    """Of legacy's shape, of a status not learned, a fault, none at all: there is nothing to say."""
    assert checked(WRITE, copy(response), taught()) is None


def test_rules_and_changes_explain_it() -> None:
    """A reviewed signature or a declared change at the place explains it; a rejected one nothing."""
    lost = copy(answer({"secret_key": "sk-x", "name": "n"}, status=201))
    for decision, verdict, by in (
        ("expected", Verdict.EXPECTED, "rule:expected"),
        (REJECTED, Verdict.MISMATCH, ""),
    ):
        rule = Rule(LOST.signature(WRITE.id), decision, "qa", "why", 1.0)
        seen = checked(WRITE, lost, taught(rules={rule.signature: rule}))
        assert seen is not None
        assert (seen.verdict, seen.differences[0].by) == (verdict, by)
    change = Change("id-gone", (WRITE.id,), "meant", at="shape:$.id")
    seen = checked(WRITE, lost, taught(table=table(change)))
    assert seen is not None
    assert (seen.verdict, seen.differences[0].by) == (Verdict.EXPECTED, "change:id-gone")


def test_legacys_answers_to_writes_teach() -> None:
    """Errors too, each under its status; reads, preflights, faults and failures teach nothing."""
    learned = lesson(WRITE, copy(answer(MADE, status=201)))
    assert learned == Answers({(WRITE.id, 201): shape_of(answer(MADE))})
    assert lesson(WRITE, copy(answer({"detail": "no"}, status=422))) is not None
    assert lesson(READ, copy(answer(MADE), READ.id)) is None
    assert lesson(WRITE, copy(answer(MADE, status=503))) is None
    assert lesson(WRITE, copy(Failure("broken", "gone"))) is None
    asking = copy(answer(MADE))
    headers = (("Origin", "http://d"), ("Access-Control-Request-Method", "POST"))
    asked = replace(asking.exchange, request=Request("OPTIONS", "/x", headers))
    assert lesson(WRITE, replace(asking, exchange=asked)) is None
