"""CORS outcomes against each other."""

from __future__ import annotations

from shadow.diff import cors
from tests.shadow.cases import PAGE, answer, found_as, request

STAR = ("access-control-allow-origin", "*")
ECHO = ("access-control-allow-origin", PAGE)
CREDENTIALS = ("access-control-allow-credentials", "true")
VARY = ("vary", "Origin")
BROWSER = request("GET", "/items", ("Origin", PAGE))
ASK = request("OPTIONS", "/items", ("Origin", PAGE), ("Access-Control-Request-Method", "PUT"))
PUT = ("access-control-allow-methods", "PUT")


def test_outcomes_are_compared_not_texts() -> None:
    """A star and an echo that both allow differ only in what they say of credentials."""
    assert list(cors.simple(BROWSER, answer({}, STAR), answer({}, ECHO, VARY))) == []
    found = list(cors.simple(BROWSER, answer({}, STAR), answer({}, ECHO, VARY, CREDENTIALS)))
    assert found_as(found) == ["cors credentials changed"]


def test_cookies_need_credentials() -> None:
    """With a cookie, a star is a refusal."""
    asked = request("GET", "/items", ("Origin", PAGE), ("Cookie", "a=1"))
    found = list(cors.simple(asked, answer({}, ECHO, VARY, CREDENTIALS), answer({}, STAR, CREDENTIALS)))
    assert found_as(found) == ["cors access changed"]


def test_exposed_headers_are_a_set() -> None:
    """Names in another order or case are the same; another name is a difference."""
    ours = answer({}, STAR, ("access-control-expose-headers", "A, B"))
    assert list(cors.simple(BROWSER, ours, answer({}, STAR, ("access-control-expose-headers", "b,a")))) == []
    assert found_as(list(cors.simple(BROWSER, ours, answer({}, STAR)))) == ["cors exposed changed"]


def test_without_origin_only_duplicates_count() -> None:
    """A client that is no page reads everything; two allowed origins are still wrong."""
    assert list(cors.simple(request(), answer({}), answer({}, STAR))) == []
    assert found_as(list(cors.simple(request(), answer({}, STAR), answer({}, STAR, STAR)))) == ["cors access count"]


def test_preflight_details_matter_only_when_it_passes() -> None:
    """A refused preflight has one difference; passed ones may differ in what they allow."""
    assert found_as(list(cors.preflight(ASK, answer("", STAR, PUT), answer("")))) == ["cors preflight changed"]
    other = answer(
        "",
        ECHO,
        CREDENTIALS,
        ("access-control-allow-methods", "*"),
        ("access-control-max-age", "9"),
        ("access-control-allow-headers", "x"),
    )
    assert found_as(list(cors.preflight(ASK, answer("", STAR, PUT), other))) == [
        "cors preflight.credentials changed",
        "cors preflight.methods changed",
        "cors preflight.headers changed",
        "cors preflight.max-age changed",
    ]
