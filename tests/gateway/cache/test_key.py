"""What two requests must have in common."""

from __future__ import annotations

import pytest

from gateway.cache.key import conditional, key_of
from gateway.caller import ANONYMOUS, Caller
from gateway.core.exchange import Request
from gateway.core.routes import Effect
from tests.apps.table import route

READ = route("r", "front", "GET /a", "GET /a")
USER = Caller("jwt", "user-1", "org-1", ("admin",))
ASK = Request("GET", "/a?x=1", (("Host", "a"), ("Accept", "*/*"), ("Authorization", "Bearer one")))


def with_header(name: str, value: str) -> Request:
    """The request with one more header."""
    return Request(ASK.method, ASK.target, (*ASK.headers, (name, value)))


@pytest.mark.parametrize(
    ("item", "caller", "client", "request_"),
    [
        (route("s", "front", "GET /a", "GET /a"), USER, "1.1.1.1", ASK),
        (READ, Caller("jwt", "user-2", "org-1", ("admin",)), "1.1.1.1", ASK),
        (READ, Caller("jwt", "user-1", "org-2", ("admin",)), "1.1.1.1", ASK),
        (READ, Caller("jwt", "user-1", "org-1", ("member",)), "1.1.1.1", ASK),
        (READ, Caller("api-key", "user-1", "org-1", ("admin",)), "1.1.1.1", ASK),
        (READ, USER, "1.1.1.1", Request("GET", "/a?x=2", ASK.headers)),
        (READ, USER, "1.1.1.1", Request("GET", "/a?x=1", (*ASK.headers[:2], ("Authorization", "Bearer two")))),
        (READ, USER, "1.1.1.1", Request("GET", "/a?x=1", ASK.headers[:2])),
        (READ, USER, "1.1.1.1", with_header("accept-language", "de")),
        (READ, USER, "1.1.1.1", with_header("X-Forwarded-Host", "evil.example")),
        (READ, USER, "1.1.1.1", with_header("X-Forwarded-Proto", "https")),
        (READ, USER, "1.1.1.1", with_header("Forwarded", 'for=1.1.1.1;host="evil.example";proto=http')),
    ],
)
def test_answers_are_never_shared_between(item: object, caller: Caller, client: str, request_: Request) -> None:
    """Other routes, subjects, organisations, roles, schemes, targets, credentials, Accept headers, and hosts."""
    assert isinstance(item, type(READ))
    assert key_of(item, caller, client, request_) != key_of(READ, USER, "1.1.1.1", ASK)


def test_verified_caller_is_the_same_from_anywhere() -> None:
    """The address matters only for callers whom nobody verified."""
    assert key_of(READ, USER, "1.1.1.1", ASK) == key_of(READ, USER, "2.2.2.2", ASK)
    assert key_of(READ, ANONYMOUS, "1.1.1.1", ASK) != key_of(READ, ANONYMOUS, "2.2.2.2", ASK)


def test_key_holds_no_credential() -> None:
    """The credential stands in it as a digest."""
    key = key_of(READ, USER, "1.1.1.1", ASK)
    assert key is not None
    assert "one" not in "".join(key)


@pytest.mark.parametrize("name", ["Range", "if-range", "If-Match", "if-unmodified-since", "COOKIE", "expect"])
def test_some_requests_stand_alone(name: str) -> None:
    """Parts, preconditions of writes, cookies: such answers are for one request only."""
    assert key_of(READ, USER, "", with_header(name, "x")) is None


def test_only_plain_reads_have_a_key() -> None:
    """Other methods, bodies and routes that write or cost have none."""
    assert key_of(READ, USER, "", Request("HEAD", "/a")) is None
    assert key_of(READ, USER, "", Request("GET", "/a", (), b"x")) is None
    for effect in (Effect.WRITE, Effect.METERED):
        assert key_of(route("w", "front", "GET /a", "GET /a", effect=effect), USER, "", ASK) is None


def test_conditions_are_seen() -> None:
    """A client that has an older answer says so."""
    assert conditional(with_header("If-None-Match", "x"))
    assert conditional(with_header("if-modified-since", "x"))
    assert not conditional(ASK)
