"""Origins."""

from __future__ import annotations

import pytest

from gateway.transport.origin import Origin, origin_of


@pytest.mark.parametrize(
    ("url", "authority", "port"),
    [
        ("http://a:81", "a:81", 81),
        ("http://a", "a", 80),
        ("https://a:443/", "a", 443),
        ("https://a:80", "a:80", 80),
        ("http://[::1]:8000", "[::1]:8000", 8000),
    ],
)
def test_authority_is_what_a_host_header_says(url: str, authority: str, port: int) -> None:
    """Default ports are left out, IPv6 addresses keep their brackets."""
    assert (origin_of(url).authority, origin_of(url).port) == (authority, port)


@pytest.mark.parametrize("url", ["", "a:80", "ftp://a", "http://", "/path"])
def test_other_texts_are_no_origin(url: str) -> None:
    """A text that names no http host is refused."""
    with pytest.raises(ValueError, match="no http"):
        Origin.parse(url)
