"""Times, ids and digests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from migrate.demo.platform.values import digest, is_uuid, naive, new_id, now, stamp


def test_times_have_no_zone_on_the_wire() -> None:
    """Microseconds are shown unless zero, a zone never; null stays null."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, UTC).replace(tzinfo=None)
    assert stamp(moment) == "2026-01-02T03:04:05.000006"
    assert stamp(moment.replace(microsecond=0)) == "2026-01-02T03:04:05"
    assert stamp(None) is None
    assert now().tzinfo is None


def test_times_of_a_query_become_utc() -> None:
    """A time with a zone is converted, one without is taken as it is."""
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert stamp(naive(noon)) == "2026-01-01T10:00:00"
    assert naive(None) is None
    assert naive(noon.replace(tzinfo=None)) == noon.replace(tzinfo=None)


def test_ids_are_uuids() -> None:
    """A new id is a uuid; other texts are none."""
    assert is_uuid(new_id())
    assert not is_uuid("x")


def test_a_password_is_kept_as_a_digest() -> None:
    """Equal passwords have equal digests, and the digest is not the password."""
    assert digest("a") == digest("a") != digest("b")
    assert "secret" not in digest("secret")
