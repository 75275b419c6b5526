"""Header rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.headers import (
    HOP_BY_HOP,
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
        "X--User--ID",
        "-X-User-ID.",
        "X-User-ID\xa0",
        "x-us\xe9r-id",
        "X-Auth-Request-User",
        "Remote-User",
        "X-Remote-User",
        "X-Scope-OrgID",
        "X-Consumer-Username",
        "X-SSL-Client-S-DN",
        "X-Client-Cert",
        "X-Envoy-Original-Path",
        "Content_Length",
        "Transfer.Encoding",
        "X_Request_ID",
        "Authorization.",
        "Host_",
        "",
    ],
)
def test_identity_is_recognised_in_every_spelling(name: str) -> None:
    """Whatever claims an identity or an origin is recognised, whatever its case and separators."""
    assert states_identity(name)


@pytest.mark.parametrize(
    "name",
    ["X-Request-ID", "X-Trace-ID", "X-Client-Version", "User-Agent", "Origin", "X-Userland", "Host", "X-API-Key"],
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
