"""What may be kept, how long it is fresh, and when a stale one still serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.cache.directives import directives
from gateway.cache.freshness import (
    Kept,
    holds_secret,
    initial_age,
    kept,
    lifetime,
    refreshed,
    storable,
    survives_error,
    unchanged,
    usable,
)

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

DATE = ("Date", "Thu, 01 Jan 1970 00:01:40 GMT")
AT = 100.0
"""The wall clock at `DATE`."""


def entry(*headers: tuple[str, str], request: Headers = (), default: float = 0.0, body: bytes = b"{}") -> Kept:
    """An answer kept at moment 0, as it was made."""
    found = kept(headers, body, request, default=default, now=0.0, wall=AT)
    assert found is not None
    return found


def control(value: str) -> tuple[str, str]:
    """A Cache-Control header."""
    return ("Cache-Control", value)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), 7.0),
        ((control("max-age=60"),), 60),
        ((control("max-age=60, s-maxage=5"),), 5),
        ((control("max-age=60"), ("Expires", "Thu, 01 Jan 1970 00:01:41 GMT"), DATE), 60),
        ((("Expires", "Thu, 01 Jan 1970 00:02:40 GMT"), DATE), 60),
        ((("Expires", "Thu, 01 Jan 1970 00:01:00 GMT"), DATE), 0),
        ((("Expires", "0"), DATE), 0),
        ((("Expires", "Thu, 01 Jan 1970 00:02:40 GMT"),), 0),
        ((control("max-age=soon"),), 0),
        ((control("public"),), 7.0),
    ],
)
def test_lifetime(headers: Headers, expected: float) -> None:
    """s-maxage, max-age, Expires, in this order; the route's own word only where the service says nothing."""
    assert lifetime(headers, directives(headers), 7.0) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [((), 0), ((("Age", "9"),), 9), ((DATE,), 5), ((DATE, ("Age", "9")), 9), ((("Age", "x"),), 0)],
)
def test_age_on_arrival(headers: Headers, expected: float) -> None:
    """Age as told or by the Date, whichever is more; a Date of the future is no negative age."""
    assert initial_age(headers, AT + 5) == expected
    assert initial_age((DATE,), AT - 50) == 0


def test_entry_grows_old() -> None:
    """Its age is what it was on arrival and what has passed since."""
    one = entry(control("max-age=60"), ("Age", "10"))
    assert (one.aged(5.0), one.left(5.0), one.left(50.0), one.left(60.0)) == (15.0, 45.0, 0.0, -10.0)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, (), True),
        (404, (), False),
        (206, (), False),
        (200, (control("no-store"),), False),
        (200, (control("private"),), False),
        (200, (control('private="x"'),), False),
        (200, (("Set-Cookie", "a=b"),), False),
        (200, (("Vary", "*"),), False),
        (200, (("Vary", "Accept, *"),), False),
        (200, (("Content-Encoding", "gzip"),), False),
        (200, (("Content-Encoding", "identity"),), True),
    ],
)
def test_what_the_head_allows(status: int, headers: Headers, expected: bool) -> None:  # noqa: FBT001 - a row
    """Only 200, never no-store, private, cookies, Vary: *, or what cannot be looked into."""
    assert storable(status, headers) is expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": "x"}',
        b'{"a": [{"API_KEY" : "x"}]}',
        b'{"clientSecret":"x"}',
        b'{"password":"hunter2"}',
        b'{"ticket":"x"}',
        b'{"otp": 123456}',
        b'{"a":"eyJhbGciOiJI.eyJzdWIi.c2ln"}',
        b'{"key": "sk-abcdefghijkl"}',
        b"-----BEGIN PRIVATE KEY-----",
    ],
)
def test_body_that_looks_like_a_secret_is_not_kept(body: bytes) -> None:
    """A token, key, password or ticket, by its member or by its look, keeps the whole answer out."""
    assert holds_secret(body)
    assert kept((control("max-age=60"),), body, (), default=0, now=0, wall=0) is None


@pytest.mark.parametrize("body", [b"{}", b'{"max_tokens": 5}', b'{"has_token": true, "token": null}', b"tokens"])
def test_body_without_a_secret_is_kept(body: bytes) -> None:
    """Counts of tokens, and members that say there is none, are no secrets."""
    assert not holds_secret(body)


def test_what_could_never_serve_is_not_kept() -> None:
    """No lifetime and no validator, or no-cache without one, keep nothing; with a validator they do."""
    for headers in ((), (control("no-cache, max-age=60"),), (control("max-age=5"), ("Age", "5"))):
        assert kept(headers, b"", (), default=0, now=0, wall=0) is None
        assert kept((*headers, ("ETag", '"1"')), b"", (), default=0, now=0, wall=0) is not None


@pytest.mark.parametrize(
    ("response", "request_", "now", "expected"),
    [
        ("max-age=60", "", 59, True),
        ("max-age=60", "", 60, False),
        ("max-age=60", "no-cache", 1, False),
        ("max-age=60, no-cache", "", 1, False),
        ("max-age=60", "max-age=10", 11, False),
        ("max-age=60", "max-age=10", 9, True),
        ("max-age=60", "max-age=soon", 1, False),
        ("max-age=60", "min-fresh=20", 50, False),
        ("max-age=60", "min-fresh=20", 30, True),
        ("max-age=60", "max-stale", 500, True),
        ("max-age=60", "max-stale=10", 65, True),
        ("max-age=60", "max-stale=10", 75, False),
        ("max-age=60, must-revalidate", "max-stale", 61, False),
        ("max-age=60, proxy-revalidate", "max-stale", 61, False),
        ("s-maxage=60", "max-stale", 61, False),
    ],
)
def test_when_an_entry_may_serve(response: str, request_: str, now: float, expected: bool) -> None:  # noqa: FBT001 - a row
    """Fresh, and as fresh as the client wants; stale only where the client takes it and the service allows it."""
    one = entry(control(response), ("ETag", '"1"'))
    asked = directives((control(request_),) if request_ else ())
    assert usable(one, asked, now) is expected


@pytest.mark.parametrize(
    ("value", "now", "expected"),
    [
        ("max-age=10, stale-if-error=60", 69, True),
        ("max-age=10, stale-if-error=60", 71, False),
        ("max-age=10", 11, False),
        ("max-age=10, stale-if-error=60, must-revalidate", 11, False),
    ],
)
def test_stale_answer_survives_an_error_only_where_it_says_so(value: str, now: float, expected: bool) -> None:  # noqa: FBT001 - a row
    """stale-if-error of the answer itself allows it, for as long as it says (RFC 5861)."""
    assert survives_error(entry(control(value)), now) is expected


def test_vary_is_compared() -> None:
    """An entry fits only requests with the same values, absent ones included."""
    request = (("Accept-Language", "de"),)
    one = entry(control("max-age=1"), ("Vary", "accept-language, X-A"), request=request)
    assert one.fits((("accept-language", "de"),))
    assert not one.fits((("accept-language", "en"),))
    assert not one.fits((("accept-language", "de"), ("x-a", "1")))


def test_conditions_ask_whether_it_holds() -> None:
    """Both validators become conditions; without one there is no question to ask."""
    one = entry(control("max-age=1"), ("ETag", '"1"'), ("Last-Modified", DATE[1]))
    assert one.conditions == (("If-None-Match", '"1"'), ("If-Modified-Since", DATE[1]))
    assert entry(control("max-age=1")).conditions == ()


def test_not_modified_makes_it_fresh() -> None:
    """New values of the head replace the old ones, the body and its length stay."""
    one = entry(control("max-age=1"), ("ETag", '"1"'), ("X-A", "old"), ("Content-Length", "2"))
    again = refreshed(
        one, (control("max-age=9"), ("x-a", "new"), ("Content-Length", "0")), (), default=0, now=50.0, wall=AT
    )
    assert again is not None
    assert (again.body, again.left(50.0)) == (b"{}", 9.0)
    assert again.headers == (("ETag", '"1"'), ("Content-Length", "2"), control("max-age=9"), ("x-a", "new"))


@pytest.mark.parametrize(
    ("answer", "request_", "expected"),
    [
        ((("ETag", '"1"'),), (("If-None-Match", '"1"'),), True),
        ((("ETag", 'W/"1"'),), (("If-None-Match", '"0", "1"'),), True),
        ((("ETag", '"1"'),), (("If-None-Match", "*"),), True),
        ((("ETag", '"2"'),), (("If-None-Match", '"1"'),), False),
        ((), (("If-None-Match", "*"),), False),
        ((("Last-Modified", DATE[1]),), (("If-Modified-Since", DATE[1]),), True),
        ((("Last-Modified", DATE[1]),), (("If-Modified-Since", "Thu, 01 Jan 1970 00:01:39 GMT"),), False),
        (
            (("ETag", '"2"'), ("Last-Modified", DATE[1])),
            (("If-None-Match", '"1"'), ("If-Modified-Since", DATE[1])),
            False,
        ),
        ((), (), False),
    ],
)
def test_client_that_has_it_already(answer: Headers, request_: Headers, expected: bool) -> None:  # noqa: FBT001 - a row
    """Tags are compared weakly and win over dates (RFC 9110 §13.2.2)."""
    assert unchanged(answer, request_) is expected


def test_size_counts_head_and_body() -> None:
    """What an entry is counted with grows with its head and its body."""
    assert entry(control("max-age=1"), body=b"x" * 500).size > entry(control("max-age=1")).size + 490
