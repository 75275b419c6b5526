"""The login limit."""

from __future__ import annotations

from migrate.demo.platform.login_limit import LoginLimit

ME = ("me", "10.0.0.1")


def test_the_sixth_attempt_in_a_minute_locks_for_five() -> None:
    """Five are allowed, the sixth locks 300 s, and the seconds count down."""
    limit = LoginLimit(5, 60.0, 300.0)
    assert [limit.attempt(ME, float(second)) for second in range(6)] == [0, 0, 0, 0, 0, 300]
    assert limit.attempt(ME, 100.0) == 206
    assert limit.attempt(ME, 305.5) == 0


def test_attempts_leave_the_window() -> None:
    """Attempts older than the window do not count."""
    limit = LoginLimit(1, 60.0, 300.0)
    assert [limit.attempt(ME, moment) for moment in (0.0, 60.0, 120.0)] == [0, 0, 0]


def test_another_address_has_its_own_count() -> None:
    """A changed address evades the lock, as on the platform."""
    limit = LoginLimit(1, 60.0, 300.0)
    limit.attempt(ME, 0.0)
    assert limit.attempt(ME, 1.0)
    assert limit.attempt(("me", "10.0.0.2"), 1.0) == 0
