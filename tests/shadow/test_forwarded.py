from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.forwarded import client_address, forwarded, is_marked

TRUSTED = ("127.0.0.1", "10.0.0.1", "192.168.7.0/24")
NAME = st.text("abcXYZ-", min_size=1, max_size=8).filter(lambda name: not name.lower().startswith("x-forwarded"))


@pytest.mark.parametrize(
    ("peer", "incoming", "client", "sent"),
    [
        ("203.0.113.5", [], "203.0.113.5", "203.0.113.5"),
        ("203.0.113.5", ["1.2.3.4"], "203.0.113.5", "203.0.113.5"),
        ("127.0.0.1", [], "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", ["1.2.3.4"], "1.2.3.4", "1.2.3.4, 127.0.0.1"),
        ("127.0.0.1", ["6.6.6.6, 1.2.3.4, 10.0.0.1"], "1.2.3.4", "6.6.6.6, 1.2.3.4, 10.0.0.1, 127.0.0.1"),
        ("127.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4", "6.6.6.6, 1.2.3.4, 127.0.0.1"),
        ("127.0.0.1", ["10.0.0.1"], "10.0.0.1", "10.0.0.1, 127.0.0.1"),
        ("192.168.7.9", ["1.2.3.4"], "1.2.3.4", "1.2.3.4, 192.168.7.9"),
        ("192.168.7.9", ["1.2.3.4, 192.168.7.1"], "1.2.3.4", "1.2.3.4, 192.168.7.1, 192.168.7.9"),
        ("127.0.0.1", ["1.2.3.4, <script>"], "127.0.0.1", "1.2.3.4, <script>, 127.0.0.1"),
    ],
)
def test_only_trusted_peers_name_the_client(peer: str, incoming: list[str], client: str, sent: str) -> None:
    """The peer is appended; what came before it is kept and believed only from trusted peers, nearest first."""
    headers = tuple(("x-forwarded-for", value) for value in incoming)
    assert client_address(headers, peer, TRUSTED) == client
    assert forwarded(headers, peer, TRUSTED) == (("X-Forwarded-For", sent),)


def test_a_stranger_cannot_name_scheme_or_host() -> None:
    """X-Forwarded-Proto and its kin from an untrusted peer do not reach a service that trusts the shadow."""
    headers = (("X-Forwarded-Proto", "https"), ("Forwarded", "for=x"), ("A", "1"))
    assert forwarded(headers, "203.0.113.5", TRUSTED) == (("A", "1"), ("X-Forwarded-For", "203.0.113.5"))
    assert forwarded(headers, "127.0.0.1", TRUSTED)[:3] == headers


@given(st.lists(st.tuples(NAME, st.text(max_size=5))))
def test_everything_else_is_untouched(pairs: list[tuple[str, str]]) -> None:
    """Order, case and duplicates of all other headers stay."""
    assert forwarded(tuple(pairs), "127.0.0.1", TRUSTED)[:-1] == tuple(
        pair for pair in pairs if pair[0].lower() not in {"forwarded", "cutover-copy"}
    )


def test_a_mark_is_seen_and_stripped() -> None:
    """A claim to be a copy is recognised in any case and goes no further."""
    headers = (("cutover-COPY", "x"),)
    assert is_marked(headers)
    assert forwarded(headers, "127.0.0.1", TRUSTED) == (("X-Forwarded-For", "127.0.0.1"),)
    assert not is_marked(())


def test_a_service_is_told_of_tls() -> None:
    """Behind TLS a service hears https, so that its redirects stay there; what a trusted proxy said is kept."""
    headers = (("A", "1"), ("X-Forwarded-Proto", "http"))
    told = forwarded(headers, "203.0.113.5", TRUSTED, tls=True)
    assert told == (("A", "1"), ("X-Forwarded-For", "203.0.113.5"), ("X-Forwarded-Proto", "https"))
    assert forwarded(headers, "127.0.0.1", TRUSTED, tls=True)[:2] == headers
    assert ("X-Forwarded-Proto", "https") not in forwarded(headers, "127.0.0.1", TRUSTED, tls=True)


def test_what_is_meant_for_the_proxy_is_taken_out() -> None:
    """Behind the shadow's proxy a service gets neither its credentials nor its connection's terms."""
    headers = (("proxy-authorization", "Basic x"), ("Proxy-Connection", "close"), ("A", "1"))
    assert forwarded(headers, "127.0.0.1", TRUSTED, proxied=True) == (("A", "1"), ("X-Forwarded-For", "127.0.0.1"))
    assert forwarded(headers, "127.0.0.1", TRUSTED)[:3] == headers


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("cutover-shadow", True),
        ("cdn.example; a=1, cutover-shadow;v=2", True),
        ("cutover-shadows", False),
        ("", False),
    ],
)
def test_a_copy_that_comes_back_is_known(value: str, *, passed: bool) -> None:
    """A copy that a gateway passed on to the shadow is recognised, also among others' loop marks (RFC 8586)."""
    assert is_marked((("cdn-loop", value),)) is passed
    assert is_marked((("CDN-Loop", "x"), ("CDN-Loop", value))) is passed
