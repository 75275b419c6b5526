"""The parts of the gateway section about clients' connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.listening import Connections, Tls
from tests.apps.route_tables import GOOD, table, told, written

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

LISTEN = "  listen: 127.0.0.1:8800\n"
FULL = """\
  public_url: https://gw.example
  tls: {certificate: "${WHERE}/tls.pem", key: /etc/gw.key, hsts: 1h}
  connections: {most: 9, requests: 8, streams: 7, head: 6s, keep_alive: 5s, ping: 4s, message: 3KB}
"""


def test_everything_that_is_written_arrives() -> None:
    """The certificate, with names from the environment and beside the file, and every bound are read."""
    loaded: RouteTable = table(GOOD.replace(LISTEN, LISTEN + FULL), {"WHERE": "/etc"})  # type: ignore[assignment]
    assert loaded.policy.tls == Tls("/etc/tls.pem", "/etc/gw.key", 3600)
    assert loaded.policy.connections == Connections(9, 8, 7, 6.0, 5.0, 4.0, 3000)
    beside = written(GOOD.replace(LISTEN, LISTEN + FULL))
    assert load_table(beside, {"WHERE": "certs"}).policy.tls.certificate == str(beside.parent / "certs" / "tls.pem")
    off: RouteTable = table(GOOD.replace(LISTEN, LISTEN + FULL.replace("1h", "off")), {"WHERE": "/etc"})  # type: ignore[assignment]
    assert off.policy.tls.hsts == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("tls: {certificate: a.pem}", "certificate is given without key; write key: a path to a PEM file"),
        ("tls: {hsts: 1h}", "hsts is never sent in clear; write certificate: and key:, or remove it"),
        ("tls: {key: a.pem}", "key is given without certificate"),
        ("tls: {certificate: a.pem, key: b.pem, hsts: 0}", "is no duration"),
        ("tls: {certificate: a.pem, key: b.pem, hsts: 500ms}", "hsts '500ms' is a fraction of a second"),
        ("tls: {certificate: a.pem, key: b.pem}", "is http"),
        ("tls: {cert: a.pem}", "key cert is not known"),
        ("connections: {most: 0}", "write a whole number of at least 1"),
        ("connections: {streams: 1001}", "write a whole number from 1 to 1000"),
        ("connections: {limit: 1}", "key limit is not known"),
    ],
)
def test_what_is_wrong_is_told(line: str, problem: str) -> None:
    """Each wrong value names what to write instead."""
    assert any(problem in one for one in told(GOOD.replace(LISTEN, f"{LISTEN}  {line}\n")))
