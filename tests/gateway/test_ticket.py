"""Tickets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ticket import LIFETIME, Tickets, subscription_digest

KEY = b"t" * 32
SUBSCRIPTION = {"type": "subscribe_logs", "jobId": "j"}


def issue(tickets: Tickets, now: float = 1000.0, path: str = "/logs") -> str:
    """A ticket."""
    return tickets.issue(
        subject="u", organisation="o", path=path, upstream="/nosana", subscription=SUBSCRIPTION, now=now
    )


def test_ticket_brings_back_what_it_bound() -> None:
    """A redeemed ticket names subject, organisation, paths and subscription."""
    tickets = Tickets(KEY)
    ticket = tickets.redeem(issue(tickets), path="/logs", now=1010.0)
    assert ticket is not None
    assert (ticket.subject, ticket.organisation, ticket.upstream) == ("u", "o", "/nosana")
    assert ticket.subscription == subscription_digest({"jobId": "j", "type": "subscribe_logs"})


def test_ticket_is_good_once() -> None:
    """The second use is refused."""
    tickets = Tickets(KEY)
    text = issue(tickets)
    assert tickets.redeem(text, path="/logs", now=1001.0)
    assert tickets.redeem(text, path="/logs", now=1001.0) is None


@pytest.mark.parametrize("now", [900.0, 998.0, 1000.0 + LIFETIME, 2000.0])
def test_ticket_holds_for_its_lifetime_only(now: float) -> None:
    """Before it was issued and after 30 s a ticket is nothing."""
    tickets = Tickets(KEY)
    assert tickets.redeem(issue(tickets), path="/logs", now=now) is None


def test_ticket_is_for_one_socket() -> None:
    """On another deployment's socket it is nothing, and stays good for its own."""
    tickets = Tickets(KEY)
    text = issue(tickets)
    assert tickets.redeem(text, path="/other", now=1001.0) is None
    assert tickets.redeem(text, path="/logs", now=1001.0)


def test_ticket_of_another_key_is_nothing() -> None:
    """Only the holder of the key can issue."""
    assert Tickets(KEY).redeem(issue(Tickets(b"x" * 32)), path="/logs", now=1001.0) is None


@given(st.text(max_size=60))
def test_any_text_is_refused_quietly(text: str) -> None:
    """Text that is no ticket is refused without an error, signed or not."""
    tickets = Tickets(KEY)
    assert tickets.redeem(text, path="/logs", now=1.0) is None
    payload = text.replace(".", "")
    assert tickets.redeem(f"{payload}.{tickets._sign(payload)}", path="/logs", now=1.0) is None


def test_memory_is_bounded_and_frees_itself() -> None:
    """A full memory refuses rather than forgets; expired entries make room."""
    tickets = Tickets(KEY, capacity=2)
    for _ in range(2):
        assert tickets.redeem(issue(tickets), path="/logs", now=1001.0)
    assert tickets.redeem(issue(tickets), path="/logs", now=1001.0) is None
    later = 1000.0 + LIFETIME + 1
    assert tickets.redeem(issue(tickets, later), path="/logs", now=later)
