"""Which headers of an upstream request are whose."""

from __future__ import annotations

import pytest

from gateway.core.subject import fingerprint
from shadow.normalise.upstream import grouped, states_identity, tells_of_hops

KEY = b"k" * 32


def test_secrets_are_compared_as_fingerprints() -> None:
    """A raw secret and its fingerprint are the same; transport is left out."""
    printed = fingerprint(KEY, "Bearer x")
    raw = grouped((("Authorization", "Bearer x"), ("Host", "h"), ("Connection", "X-Hop"), ("X-Hop", "1")), KEY)
    assert raw == grouped((("authorization", printed), ("Content-Length", "3")), KEY) == {"authorization": [printed]}


@pytest.mark.parametrize("name", ["x-user-id", "x_user_id", "x-internal-api-key", "x-real-ip", "cutover-copy"])
def test_identity_is_the_gateways_word(name: str) -> None:
    """Headers that say who calls are told in any spelling."""
    assert states_identity(name)


@pytest.mark.parametrize("name", ["accept", "x-username-hint", "x-request-id", "x-trace-id"])
def test_other_headers_are_the_clients(name: str) -> None:
    """Ordinary headers state no identity."""
    assert not states_identity(name)


def test_hops_are_told() -> None:
    """Via, Forwarded, X-Forwarded-* and the request id tell of the way."""
    assert all(tells_of_hops(name) for name in ("via", "forwarded", "x-forwarded-proto", "x-request-id"))
    assert not tells_of_hops("accept")
