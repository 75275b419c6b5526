"""Cookies against cookies."""

from __future__ import annotations

import pytest

from shadow.diff.cookies import diff
from tests.shadow.cases import found_as

DATE = ("date", "Sun, 22 Nov 2026 19:12:20 GMT")
LATER = ("date", "Sun, 22 Nov 2026 19:12:22 GMT")


def sets(*cookies: str) -> tuple[tuple[str, str], ...]:
    """Set-Cookie headers."""
    return tuple(("set-cookie", cookie) for cookie in cookies)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (sets("a=1; Path=/; HttpOnly"), sets("a=1; httponly; path=/"), []),
        (sets("a=1"), (), ["cookie a missing"]),
        ((), sets("a=1"), ["cookie a extra"]),
        (sets("a=1"), sets("a=2"), ["cookie a.value changed"]),
        (sets("a=1; Secure"), sets("a=1; Path=/x"), ["cookie a.path extra", "cookie a.secure missing"]),
        (sets("a=1; SameSite=Lax"), sets("a=1; SameSite=None"), ["cookie a.samesite changed"]),
        (sets("a=1", "a=2"), sets("a=1"), ["cookie a[1] missing"]),
        (
            (DATE, *sets("a=1; Expires=Sun, 22 Nov 2026 20:12:20 GMT")),
            (LATER, *sets("a=1; Expires=Sun, 22 Nov 2026 20:12:21 GMT")),
            [],
        ),
        (
            (DATE, *sets("a=1; Expires=Sun, 22 Nov 2026 20:12:20 GMT")),
            (DATE, *sets("a=1; Expires=Sun, 22 Nov 2026 21:12:20 GMT")),
            ["cookie a.expires changed"],
        ),
        (sets("a=1; Expires=soon"), sets("a=1; Expires=later"), ["cookie a.expires changed"]),
    ],
)
def test_attribute_by_attribute(
    legacy: tuple[tuple[str, str], ...], gateway: tuple[tuple[str, str], ...], expected: list[str]
) -> None:
    """Value and each attribute are places of their own; an expiry is compared as a lifetime."""
    assert found_as(list(diff(legacy, gateway))) == expected
