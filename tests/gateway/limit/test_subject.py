"""Whose bucket."""

from __future__ import annotations

import pytest

from gateway.caller import ANONYMOUS, Caller
from gateway.limit.subject import Accepted, Keys, address_subject, subject_of


def test_each_kind_of_subject_has_its_own_buckets() -> None:
    """A user, a key and an address of one spelling are three subjects; a ticket is its holder's."""
    subjects = {subject_of(Caller(scheme, "1.2.3.4"), "") for scheme in ("jwt", "api-key")}
    assert len(subjects | {subject_of(ANONYMOUS, "1.2.3.4")}) == 3
    assert subject_of(Caller("ticket", "u"), "") == subject_of(Caller("jwt", "u"), "9.9.9.9")


def test_long_subject_takes_no_more_room_than_a_short_one() -> None:
    """However long an issuer makes its subjects, they stay apart and small."""
    one, other = (subject_of(Caller("jwt", "x" * 10_000 + end), "") for end in "ab")
    assert one != other
    assert len(one) < 64


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
        ("", "1.2.3.4", False),
    ],
)
def test_ipv6_counts_by_its_network(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a table row
    """A subscriber with a /64 has one bucket, however many addresses he takes."""
    assert (address_subject(one) == address_subject(other)) is same


def test_bucket_in_redis_shows_no_subject() -> None:
    """A key holds a fingerprint in braces, the same for one secret and one subject in every class."""
    names = [Keys(secret).named(key) for secret in (b"a", b"b") for key in ("read user me@x", "write user me@x")]
    assert len(set(names)) == 4
    tags = {name[name.index("{") : name.index("}")] for name in names}
    assert len(tags) == 2
    assert not any("me" in name for name in names)
    assert names[0].endswith(":read")
    assert Keys(b"a").named("read user me@x") == names[0]


def test_accepted_keys_are_bounded() -> None:
    """The key unused for longest is forgotten first, and one that is refused at once."""
    known = Accepted(capacity=2)
    known.add("a")
    known.add("b")
    known.add("a")
    known.add("c")
    assert ["a" in known, "b" in known, "c" in known] == [True, False, True]
    known.discard("a")
    known.discard("never")
    assert "a" not in known
