"""What a browser makes of CORS headers."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Headers, Request, Response
from shadow.normalise import cors

PAGE = "http://page.example"
STAR = ("access-control-allow-origin", "*")
ECHO = ("access-control-allow-origin", PAGE)
CREDENTIALS = ("access-control-allow-credentials", "true")


@pytest.mark.parametrize(
    ("headers", "with_cookie", "readable"),
    [
        ((), False, False),
        ((STAR,), False, True),
        ((STAR, CREDENTIALS), True, False),
        ((ECHO,), False, True),
        ((ECHO,), True, False),
        ((ECHO, CREDENTIALS), True, True),
        ((("access-control-allow-origin", "http://other.example"),), False, False),
        ((STAR, STAR), False, False),
        ((STAR, ECHO), False, False),
    ],
)
def test_who_may_read(headers: Headers, with_cookie: bool, readable: bool) -> None:  # noqa: FBT001 - a table
    """An answer is readable exactly when the Fetch standard's CORS check passes."""
    assert (cors.access(PAGE, Response(200, headers), with_cookie=with_cookie).refusal == "") is readable


@pytest.mark.parametrize(
    ("headers", "safe"),
    [
        ((STAR,), True),
        ((), True),
        ((ECHO,), False),
        ((ECHO, ("vary", "Accept, Origin")), True),
        ((ECHO, ("vary", "*")), True),
    ],
)
def test_an_echoed_origin_must_vary(headers: Headers, safe: bool) -> None:  # noqa: FBT001 - a table
    """A shared cache may serve an echoed origin to others unless the answer varies by Origin."""
    assert cors.access(PAGE, Response(200, headers), with_cookie=False).cacheable is safe


def ask(method: str = "PUT", names: str = "authorization,x-a") -> Request:
    """A preflight."""
    return Request(
        "OPTIONS",
        "/",
        (
            ("Origin", PAGE),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", names),
        ),
    )


METHODS = ("access-control-allow-methods", "GET, PUT")
NAMES = ("access-control-allow-headers", "Authorization, X-A")


@pytest.mark.parametrize(
    ("asked", "status", "headers", "refusal"),
    [
        (ask(), 200, (STAR, METHODS, NAMES), ""),
        (ask(), 204, (STAR, ("access-control-allow-methods", "*"), NAMES), ""),
        (ask(), 400, (STAR, METHODS, NAMES), "status 400 is not ok"),
        (ask("DELETE"), 200, (STAR, METHODS, NAMES), "method DELETE is not allowed"),
        (ask("POST"), 200, (STAR, METHODS, NAMES), ""),
        (ask(), 200, (STAR, METHODS), "header authorization is not allowed"),
        (ask(), 200, (STAR, METHODS, ("access-control-allow-headers", "*")), "header authorization is not allowed"),
        (ask(names="x-a"), 200, (STAR, METHODS, ("access-control-allow-headers", "*")), ""),
        (ask(), 200, (METHODS, NAMES), "no Access-Control-Allow-Origin"),
    ],
)
def test_whether_the_browser_goes_on(asked: Request, status: int, headers: Headers, refusal: str) -> None:
    """A preflight passes exactly when origin, status, method and headers do."""
    assert cors.preflight(asked, Response(status, headers)).refusal == refusal


def test_the_details_of_a_preflight() -> None:
    """Methods, headers, credentials and the time it may be remembered are told."""
    outcome = cors.preflight(ask(), Response(200, (ECHO, CREDENTIALS, METHODS, NAMES)))
    assert outcome.credentials
    assert outcome.methods == {"GET", "PUT"}
    assert outcome.headers == {"authorization", "x-a"}
    assert outcome.max_age == "5"
