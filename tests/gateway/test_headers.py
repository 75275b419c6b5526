"""Header rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.headers import (
    HOP_BY_HOP,
    forwarded,
    is_trusted,
    nominated,
    request_headers,
    response_headers,
    states_identity,
)


@pytest.mark.parametrize(
    "name",
    [
        "X-User-ID",
        "x_user_id",
        "X.User.Id",
        "X-Organization-Id",
        "x-organisation-id",
        "X-Org-ID",
        "X-Internal-Api-Key",
        "X_INTERNAL_KEY",
        "X-Forwarded-For",
        "Forwarded",
        "X-Real-IP",
        "X-Client-IP",
        "X-IP-Address",
        "X-Role",
        "X-User-Role",
        "X-Tenant",
        "Cutover-Copy",
        "cutover_upstream",
        "X-Original-URL",
        "X-HTTP-Method-Override",
    ],
)
def test_identity_is_recognised_in_every_spelling(name: str) -> None:
    """Whatever claims an identity or an origin is recognised, whatever its case and separators."""
    assert states_identity(name)


@pytest.mark.parametrize(
    "name", ["X-Request-ID", "X-Trace-ID", "X-Client-Version", "User-Agent", "Origin", "X-Userland"]
)
def test_other_headers_are_left(name: str) -> None:
    """Headers that claim nothing of the kind travel."""
    assert not states_identity(name)


NAMES = st.sampled_from([*HOP_BY_HOP, "a", "b", "Host", "Content-Length", "X-User-Id", "Cookie", "Set-Cookie"])


@given(st.lists(st.tuples(NAMES, st.sampled_from(["a", "b", "close, b", "x"]))))
def test_no_hop_by_hop_header_survives(pairs: list[tuple[str, str]]) -> None:
    """Neither way does a hop-by-hop header or one that Connection nominates travel; the order of the rest stays."""
    headers = tuple(pairs)
    for cleaned in (request_headers(headers, authorization=True), response_headers(headers)):
        names = [name.lower() for name, _ in cleaned]
        assert not set(names) & (HOP_BY_HOP | nominated(headers))
        rest = iter(headers)
        assert all(pair in rest for pair in cleaned)


def test_authorization_travels_only_where_it_may() -> None:
    """Authorization is kept or taken out, byte for byte."""
    headers = (("Authorization", "bearer  x"), ("Cookie", "a=1"), ("cookie", "b=2"))
    assert request_headers(headers, authorization=True) == headers
    assert request_headers(headers, authorization=False) == headers[1:]


def test_response_keeps_one_framing() -> None:
    """A chunked answer loses its Content-Length, any other keeps it; CORS and request ids of services go."""
    own = (("Access-Control-Allow-Origin", "*"), ("X-Request-ID", "1"), ("Cutover-Refused", "1"))
    chunked = (("Content-Length", "3"), ("Transfer-Encoding", "chunked"), ("Date", "x"))
    assert response_headers((*chunked, *own)) == (("Date", "x"),)
    assert response_headers((("Content-Length", "3"), *own)) == (("Content-Length", "3"),)


@pytest.mark.parametrize(
    ("peer", "trusted", "claimed", "expected"),
    [
        ("9.9.9.9", (), [], "9.9.9.9"),
        ("9.9.9.9", (), ["6.6.6.6"], "9.9.9.9"),
        ("10.0.0.1", ("10.0.0.0/8",), [], "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["7.7.7.7"], "7.7.7.7, 10.0.0.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["6.6.6.6, 7.7.7.7"], "7.7.7.7, 10.0.0.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["6.6.6.6", "7.7.7.7, 10.0.0.2"], "7.7.7.7, 10.0.0.2, 10.0.0.1"),
        ("10.0.0.1", ("10.0.0.0/8",), ["6.6.6.6, <script>"], "10.0.0.1"),
        ("::1", ("::1",), ["2001:db8::7"], "2001:db8::7, ::1"),
    ],
)
def test_forwarded_for_starts_with_the_nearest_stranger(
    peer: str, trusted: tuple[str, ...], claimed: list[str], expected: str
) -> None:
    """Only trusted hops are believed, from the right; what the nearest stranger claims is dropped."""
    headers = tuple(("X-Forwarded-For", value) for value in claimed)
    told, client = forwarded((("Host", "gw"), *headers), peer, "http", trusted)
    assert dict(told)["X-Forwarded-For"] == expected
    assert client == expected.partition(",")[0]


def test_scheme_and_host_are_believed_from_trusted_peers_only() -> None:
    """X-Forwarded-Proto and -Host pass from a trusted peer, and never with an unknown scheme."""
    headers = (("Host", "gw"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.example"))
    trusted, _ = forwarded(headers, "127.0.0.1", "http", ("127.0.0.1",))
    stranger, _ = forwarded(headers, "127.0.0.1", "http", ())
    odd, _ = forwarded((("Host", "gw"), ("X-Forwarded-Proto", "gopher")), "127.0.0.1", "http", ("127.0.0.1",))
    assert [dict(told)["X-Forwarded-Proto"] for told in (trusted, stranger, odd)] == ["https", "http", "http"]
    assert [dict(told)["X-Forwarded-Host"] for told in (trusted, stranger)] == ["api.example", "gw"]


def test_trust_knows_addresses_and_networks() -> None:
    """Entries are addresses or networks; what is neither matches literally only."""
    assert is_trusted("10.1.2.3", ("10.0.0.0/8",))
    assert not is_trusted("11.1.2.3", ("10.0.0.0/8", "nonsense"))
    assert not is_trusted("unix", ("10.0.0.0/8",))
