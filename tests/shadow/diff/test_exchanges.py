"""What of two exchanges is compared."""

from __future__ import annotations

from gateway.core.exchange import Failure
from shadow.diff.exchanges import answers, sent
from shadow.diff.found import Budget
from shadow.pairing import DRY_RUN, Pair
from tests.shadow.cases import KEY, PAGE, TABLE, answer, found_as, pair, passed, request

ASKED = request("GET", "/items")


def compared(one: Pair) -> list[str]:
    """Differences of the answers."""
    return found_as(answers(one, Budget()))


def test_another_kind_of_status_is_another_answer() -> None:
    """Between 200 and 500 only the status is compared; between 200 and 201 everything is."""
    assert compared(pair(answer({"a": 1}), answer({"b": 1}, status=500))) == ["status 200→500 changed"]
    assert compared(pair(answer({}), answer({"b": 1}, ("a", "1"), status=201))) == [
        "status 200→201 changed",
        "header a extra",
        "body $.b extra",
    ]


def test_a_refusal_is_compared_by_status_and_body() -> None:
    """Headers and cookies of a refusal are the gateway's own."""
    one = pair(answer({}, status=401), answer({"a": 1}, ("a", "1"), status=401), refused=True)
    assert compared(one) == ["body $.a extra"]


def test_a_dry_run_has_no_answer() -> None:
    """Its answer is a report about the request upstream."""
    assert compared(pair(answer({}), answer([]), mode=DRY_RUN, upstream=passed(ASKED))) == []
    assert compared(pair(answer({}), Failure("timeout"))) == []


def test_head_answers_have_no_body() -> None:
    """Bodies beside HEAD are not compared."""
    asked = request("HEAD", "/items")
    assert compared(pair(answer({}), answer({"a": 1}), asked=asked, route="items.list")) == []


def test_a_preflight_sends_nothing() -> None:
    """Without an upstream request, and for preflights, nothing is compared upstream."""
    service = TABLE.services["api"]
    asked = request("OPTIONS", "/items", ("Origin", PAGE), ("Access-Control-Request-Method", "GET"))
    assert sent(pair(answer(), answer(), asked=asked, upstream=passed(ASKED)), service, KEY, Budget()) == []
    assert sent(pair(answer(), answer()), service, KEY, Budget()) == []
    wrong = passed(ASKED, target="/other")
    found = sent(pair(answer(), answer(), upstream=wrong), service, KEY, Budget())
    assert "upstream.path changed" in found_as(found)
