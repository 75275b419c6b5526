"""The request that reaches the service."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shadow.diff.found import Budget
from shadow.diff.upstream import diff
from shadow.pairing import BODY_SHA256
from tests.shadow.cases import CLIENT, KEY, TABLE, found_as, passed, request

if TYPE_CHECKING:
    from gateway.core.exchange import Request

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSIsIm9yZ19pZCI6Im8xIn0.c2ln"
ASKED = request("GET", "/items?a=1", ("Authorization", f"Bearer {JWT}"), ("X-User-ID", "spoofed"), ("X-Tenant", "t"))
ROUTINE = [
    "upstream.header x-forwarded-proto extra",
    "upstream.header via extra",
    "upstream.header x-request-id extra",
    "upstream.header x-internal-api-key extra",
    "upstream.header x-forwarded-for extra",
]
"""What a right gateway adds, all of which a class explains."""


def compared(sent: Request, upstream: Request) -> list[str]:
    """Differences beside what a right gateway adds."""
    found = diff(sent, upstream, TABLE.services["api"], KEY, Budget())
    return [text for text in found_as(found) if text not in ROUTINE]


def test_a_right_gateway_only_adds() -> None:
    """Beside the gateway's own headers and a client's removed claims nothing differs."""
    upstream = passed(ASKED, without=("x-tenant",))
    assert compared(ASKED, upstream) == ["upstream.header x-user-id missing", "upstream.header x-tenant missing"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("X-User-ID", "u1"),), "upstream.header x-user-id extra"),
        ((("X-User-ID", "spoofed"),), "upstream.header x-user-id changed"),
        ((("X-User-ID", "spoofed"), ("X-User-ID", "u1")), "upstream.header x-user-id count"),
        ((("X-User-ID", "u1"), ("X-Organization-ID", "o2")), "upstream.header x-organization-id changed"),
        ((("X-User-ID", "u1"), ("X-Organization-ID", "o1")), "upstream.header x-organization-id extra"),
        ((("X-User-ID", "u1"), ("Host", "other")), "upstream.header host count"),
        ((("X-User-ID", "u1"), ("X-Forwarded-For", CLIENT)), "upstream.header x-forwarded-for count"),
        ((("X-User-ID", "u1"), ("Accept", "b")), "upstream.header accept count"),
    ],
)
def test_identity_is_stated_once_and_truly(headers: tuple[tuple[str, str], ...], expected: str) -> None:
    """Who calls comes from the token, once, never from the client."""
    assert expected in compared(ASKED, passed(ASKED, *headers, without=("x-tenant",)))


def test_whose_an_api_key_is_the_gateway_may_have_asked() -> None:
    """A token names its organisation, so another is wrong; of a key only the platform knows."""
    asked = request("GET", "/items", ("Authorization", "Bearer sk-1"))
    assert compared(asked, passed(asked, ("X-Organization-ID", "o1"))) == ["upstream.header x-organization-id extra"]
    claims = "eyJzdWIiOiJhQGIuYyIsIm9yZ19pZCI6Im8xIn0"
    mail = request("GET", "/items", ("Authorization", f"Bearer eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln"))
    told = compared(mail, passed(mail, ("X-Organization-ID", "o2")))
    assert told == ["upstream.header x-organization-id changed"]


def test_a_claim_of_the_client_must_not_arrive() -> None:
    """Any other header that states identity and comes from the client is wrong."""
    assert "upstream.header x-tenant changed" in compared(ASKED, passed(ASKED))


@pytest.mark.parametrize(
    ("value", "wrong"),
    [(CLIENT, False), (f"{CLIENT}, 10.9.9.9", False), ("10.9.9.9", True)],
)
def test_the_client_is_named(value: str, wrong: bool) -> None:  # noqa: FBT001 - a table
    """X-Forwarded-For holds the client's address."""
    found = compared(ASKED, passed(ASKED, ("X-Forwarded-For", value), without=("x-forwarded-for",)))
    assert ("upstream.header x-forwarded-for changed" in found) is wrong


def test_an_unknown_client_is_not_looked_for() -> None:
    """Where the recording knows no address, any one will do."""
    asked = replace(ASKED, client="")
    upstream = passed(asked, ("X-Forwarded-For", "10.9.9.9"), without=("x-forwarded-for",))
    assert not any("forwarded-for" in text for text in compared(asked, upstream))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/items?a=1&", ["upstream.query  extra"]),
        ("/items%2F?a=1", ["upstream.path changed"]),
        ("/items?a=%31", ["upstream.query a changed"]),
        ("/items?a=1&a=1", ["upstream.query a count"]),
    ],
)
def test_targets_are_compared_raw(target: str, expected: list[str]) -> None:
    """No other spelling of a path or query passes."""
    found = compared(request("GET", "/items?a=1"), passed(request("GET", "/items?a=1"), target=target))
    assert found == [text.replace("query  extra", "query extra") for text in expected]


def test_a_query_spelled_otherwise_is_a_difference() -> None:
    """Pairs that are equal one by one can still be spelled otherwise."""
    asked = request("GET", "/items?a")
    assert compared(asked, passed(asked, target="/items?a=")) == ["upstream.query changed"]


def test_long_bodies_are_compared_by_digest() -> None:
    """A body known by its digest only is equal when the digest is."""
    asked = request("POST", "/items", body=b"x" * 9000)
    digest = hashlib.sha256(asked.body).hexdigest()
    assert compared(asked, passed(asked, (BODY_SHA256, digest), body=b"")) == []
    assert compared(asked, passed(asked, (BODY_SHA256, "00"), body=b"")) == ["upstream.body digest changed"]
