from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import scalars
from gateway.config.problem import Wrong
from gateway.core.routes import Effect, Where

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: list[Callable[[str], object]] = [
    scalars.one_of(Effect),
    scalars.switch,
    scalars.whole(1, 9),
    scalars.rate,
    scalars.share,
    scalars.duration,
    scalars.size,
    scalars.name,
    scalars.target,
    scalars.place,
    scalars.address,
    scalars.origin_url,
    scalars.cors_origin,
    scalars.proxies,
    scalars.header_name,
    scalars.json_path,
    scalars.filled,
]


UNCALLABLE = "write no dot segments, control characters or broken escapes"
NEVER = ("GET /a/../b", "GET /./a", "GET /%2e%2E/a", "GET /.%2e", "GET /a%00b", "GET /a%7fb", "GET /a%zz", "GET /a%2")


@given(st.sampled_from(READERS), st.text() | st.from_regex(r"[a-z0-9:/.{}\[\]%-]{0,12}", fullmatch=True))
def test_every_text_is_read_or_refused_with_a_mend(read: Callable[[str], object], text: str) -> None:
    """No text breaks a reader, and each refusal says what to write."""
    mend = "read"
    try:
        read(text)
    except Wrong as wrong:
        mend = wrong.message and wrong.mend
    assert mend


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (scalars.duration, "500ms", 0.5),
        (scalars.duration, "1.5s", 1.5),
        (scalars.duration, "5m", 300.0),
        (scalars.duration, "1h", 3600.0),
        (scalars.size, "50MB", 50_000_000),
        (scalars.size, "52MiB", 52 * 1024 * 1024),
        (scalars.size, "1B", 1),
        (scalars.share, "0.1", 0.1),
        (scalars.share, "10%", 0.1),
        (scalars.share, "0", 0.0),
        (scalars.share, "100%", 1.0),
        (scalars.whole(1, 9), "9", 9),
        (scalars.rate, "0.5", 0.5),
        (scalars.rate, "1e-6", 1e-6),
        (scalars.switch, "false", False),
        (scalars.address, "127.0.0.1:0", "127.0.0.1:0"),
        (scalars.address, "[::1]:8800", "[::1]:8800"),
        (scalars.address, "gateway.internal:8800", "gateway.internal:8800"),
        (scalars.origin_url, "https://api.example", "https://api.example"),
        (scalars.origin_url, "http://[::1]:8000", "http://[::1]:8000"),
        (scalars.cors_origin, "*", "*"),
        (scalars.cors_origin, "https://app.example:8443", "https://app.example:8443"),
        (scalars.duration, "87600h", 315_360_000.0),
        (scalars.whole_seconds, "1.5m", 90),
        (scalars.address, "10.gateway.a1:80", "10.gateway.a1:80"),
        (scalars.proxies, "10.0.0.0/8", "10.0.0.0/8"),
        (scalars.json_path, "$.items[*].files", "$.items[*].files"),
    ],
)
def test_good_values_are_taken(read: Callable[[str], object], text: str, value: object) -> None:
    """Units and forms that the format promises."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "mend"),
    [
        (scalars.one_of(Effect), "reed", "write read (one of read, write or metered)"),
        (scalars.one_of(Effect), "zzz", "write read, write or metered"),
        (scalars.word("compare"), "x", "write compare"),
        (scalars.switch, "yes", "write true or false"),
        (scalars.duration, "30", "write 30s (units: ms, s, m, h)"),
        (scalars.duration, "0s", "write 30s (units: ms, s, m, h)"),
        (scalars.duration, "87601h", "write 87600h or less"),
        (scalars.whole_seconds, "1500ms", "write whole seconds, like 600s"),
        (scalars.whole_seconds, "1", "write 1s (units: ms, s, m, h)"),
        (scalars.address, "127.0.0.256:80", "write host:port, like 127.0.0.1:8800"),
        (scalars.address, "10.1:80", "write host:port, like 127.0.0.1:8800"),
        (scalars.origin_url, "http://127.0.0:80", "write http://host:port or https://host:port"),
        (scalars.cors_origin, "https://App.example", "write https://app.example"),
        (scalars.cors_origin, "https://app.example:443", "write https://app.example"),
        (scalars.cors_origin, "http://[::1]:80", "write http://[::1]"),
        (scalars.proxies, "0.0.0.0/0", "write the network of your proxies"),
        (scalars.proxies, "::/0", "write the network of your proxies"),
        (scalars.size, "50", "write for example 50MB or 52MiB (units: B, KB, MB, GB, KiB, MiB, GiB)"),
        (scalars.size, "0MB", "write for example 50MB or 52MiB (units: B, KB, MB, GB, KiB, MiB, GiB)"),
        (scalars.share, "120%", "write 0 to 1, or 0% to 100%"),
        (scalars.share, "nan", "write 0 to 1, or 0% to 100%"),
        (scalars.whole(1, 9), "10", "write a whole number from 1 to 9"),
        (scalars.rate, "inf", "write a number above 0, like 100"),
        (scalars.rate, "nan", "write a number above 0, like 100"),
        (scalars.rate, "1e-7", "write a number above 0, like 100"),
        (scalars.rate, "1e10", "write a number above 0, like 100"),
        (scalars.address, "8800", "write host:port, like 127.0.0.1:8800"),
        (scalars.address, "127.0.0.1:99999", "write host:port, like 127.0.0.1:8800"),
        (scalars.address, "http://127.0.0.1:1", "write host:port, like 127.0.0.1:8800"),
        (scalars.address, "[::zz]:1", "write host:port, like 127.0.0.1:8800"),
        (scalars.origin_url, "http://a:1/", "write http://a:1"),
        (scalars.origin_url, "http://a:1/api?x", "write http://a:1"),
        (scalars.origin_url, "http://a:", "write http://a"),
        (scalars.origin_url, "http://me@a:1", "write http://a:1"),
        (scalars.origin_url, "http://[::1", "write http://host:port"),
        (scalars.origin_url, "ws://a:1", "write http://host:port or https://host:port"),
        (scalars.origin_url, "http://a:zz", "write http://host:port"),
        (scalars.origin_url, "http://a:0", "write the port that the service listens on"),
        (scalars.proxies, "10.0.0.256", "write an IP address or network, like 10.0.0.0/8"),
        (scalars.header_name, "X Y", "write a name like X-Request-ID"),
        (scalars.json_path, "items", "write $ for the body itself, or $.member"),
        (scalars.name, "Deployments", "write lower-case words joined by '.' or '-', like deployments.create"),
        (scalars.filled, " ", "write a text"),
        (scalars.target, "/auth/login", "write GET /auth/login"),
        (scalars.target, "POST", "write METHOD /path"),
        (scalars.target, "post /a", "write POST /a"),
        (scalars.target, "TRACK /a", "write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"),
        (scalars.target, "GET a", "write segments and {parameters} like /pools/{id}/nodes"),
        (scalars.target, "GET /a/{b", "write segments and {parameters} like /pools/{id}/nodes"),
        (scalars.target, "GET /a//b", "percent-encode it, as on the wire"),
        *((scalars.target, path, UNCALLABLE) for path in NEVER),
        (scalars.target, "GET /ü", "percent-encode it, as on the wire"),
        (scalars.place, "deployment_id", "write path.NAME, query.NAME or body.NAME"),
        (scalars.place, "header.x", "write path.NAME, query.NAME or body.NAME"),
    ],
)
def test_bad_values_say_what_to_write(read: Callable[[str], object], text: str, mend: str) -> None:
    """The mend can be followed as it stands."""
    with pytest.raises(Wrong) as wrong:
        read(text)
    assert wrong.value.mend == mend


def test_targets_and_places_are_taken_apart() -> None:
    """Spaces between method and path do not count."""
    target = scalars.target("POST   /deploy/{id}")
    assert (target.method, target.path.names) == ("POST", ("id",))
    place = scalars.place("body.deployment_id")
    assert (place.where, place.name) == (Where.BODY, "deployment_id")


def test_the_environment_fills_addresses() -> None:
    """With a default, without one, and when it is missing."""
    read = scalars.expanding({"HOST": "10.0.0.1", "EMPTY": ""}, scalars.address)
    assert read("${HOST}:80") == "10.0.0.1:80"
    assert read("${NONE:-127.0.0.1}:80") == "127.0.0.1:80"
    assert read("${EMPTY:-127.0.0.1}:80") == "127.0.0.1:80"
    with pytest.raises(Wrong, match="NONE") as wrong:
        read("${NONE}:80")
    assert wrong.value.mend == "set it, or write ${NONE:-default}"
