"""Whether the addresses of a table can be had, and lead anywhere but back."""

from __future__ import annotations

import pytest

from tests.apps.route_tables import GOOD, changed, told

SIDE = "    legacy: http://127.0.0.1:3000\n"


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (
            "127.0.0.1:18000",
            "13: service side: shadow_listen 127.0.0.1:18000 is taken by service main; write another",
        ),
        ("127.0.0.1:8800", "13: service side: shadow_listen 127.0.0.1:8800 is taken by the gateway; write another"),
        ("0.0.0.0:8800", "13: service side: shadow_listen 0.0.0.0:8800 is taken by the gateway; write another"),
        ("'[::]:18000'", "13: service side: shadow_listen [::]:18000 is taken by service main"),
        ("127.0.0.1:8801", "13: service side: shadow_listen 127.0.0.1:8801 is taken by the gateway's internal list"),
    ],
)
def test_two_listeners_want_two_addresses(new: str, problem: str) -> None:
    """What the gateway and the shadow listen on is told apart beforehand."""
    found = changed("shadow_listen: 127.0.0.1:13000", f"shadow_listen: {new}")
    assert any(line.startswith(problem) for line in found), found


def test_port_0_is_free_for_everybody() -> None:
    """Nobody takes what is chosen at the start."""
    assert told(GOOD.replace(":18000", ":0").replace(":13000", ":0").replace(":8800", ":0")) == []


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("internal: http://127.0.0.1:8800", "where the gateway listens, so requests would go round; write internal:"),
        ("internal: http://localhost:8800", "where the gateway listens"),
        ("internal: http://127.0.0.1:8801", "where the gateway listens internally"),
        ("internal: http://127.0.0.1:18000", "where the shadow stands in for main"),
        ("internal: http://127.0.0.1:13000", "where the shadow stands in for side"),
        ("internal: http://127.0.0.1:3000", ""),
        ("internal: http://127.0.0.2:8800", ""),
        ("internal: https://127.0.0.1", ""),
    ],
)
def test_no_request_goes_round(address: str, what: str) -> None:
    """What the gateway calls is neither itself nor the shadow."""
    found = changed(SIDE, f"{SIDE}    {address}\n")
    key, _, url = address.partition(": ")
    expected = [f"14: service side: {key} {url} is {what}"] if what else []
    assert [line[: len(told)] for line, told in zip(found, expected, strict=True)] == expected


def test_a_listener_on_every_address_is_here_too() -> None:
    """Bound to 0.0.0.0, each loopback address leads back; a neighbour's does not."""
    everywhere = GOOD.replace("listen: 127.0.0.1:8800", "listen: 0.0.0.0:8800")
    for host, count in (("127.0.0.1", 1), ("localhost", 1), ("10.0.0.1", 0), ("main", 0)):
        found = told(everywhere.replace(SIDE, f"{SIDE}    internal: http://{host}:8800\n"))
        assert len(found) == count, host


def test_the_shadow_does_not_call_itself() -> None:
    """It forwards to legacy and must not stand on it; the gateway may, once the service has moved behind it."""
    found = changed("legacy: http://127.0.0.1:3000", "legacy: http://127.0.0.1:18000")
    assert any(
        "service side: legacy http://127.0.0.1:18000 is where the shadow stands in for main" in it for it in found
    )
    taken_over = "    legacy: http://127.0.0.1:8800\n    internal: http://127.0.0.1:3000\n"
    assert changed(SIDE, taken_over) == []


def test_usual_ports_count() -> None:
    """A URL without a port means its scheme's."""
    found = told(GOOD.replace(":8800", ":80").replace(SIDE, f"{SIDE}    internal: http://127.0.0.1\n"))
    assert [line for line in found if "where the gateway listens" in line]
