"""Set-Cookie headers as cookies."""

from __future__ import annotations

from shadow.normalise.cookies import cookies


def test_attributes_are_read_by_meaning() -> None:
    """Names and flags have no case, a domain no leading dot, and an expiry is a lifetime."""
    (one,) = cookies(
        (
            ("Date", "Sun, 22 Nov 2026 19:12:20 GMT"),
            (
                "Set-Cookie",
                "s = 1=2; PATH=/a; Secure; SameSite=LAX; Domain=.Example.com; Expires=Sun, 22 Nov 2026 19:13:20 GMT",
            ),
        )
    )
    assert (one.name, one.value) == ("s", "1=2")
    assert one.attributes == {
        "path": "/a",
        "secure": "",
        "samesite": "lax",
        "domain": "example.com",
        "expires": "60",
    }


def test_an_unreadable_expiry_stays_text() -> None:
    """An expiry that is no date, or an answer without one, is compared as it stands."""
    assert cookies((("Set-Cookie", "a=1; Expires=soon"),))[0].attributes == {"expires": "soon"}
    assert cookies((("Set-Cookie", "a"),))[0].attributes == {}
