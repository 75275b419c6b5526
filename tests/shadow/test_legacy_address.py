from __future__ import annotations

from gateway.core.routes import Authorization, Service
from gateway.core.table import RouteTable
from shadow.legacy_address import by_any, by_legacy, folded

ONE = Service("one", "http://127.0.0.1:8000", "http://i", Authorization.FORWARD, "127.0.0.1:18000")
TWO = Service("two", "http://Two.example", "http://i", Authorization.FORWARD, "127.0.0.1:8000")
TABLE = RouteTable("p", {"one": ONE, "two": TWO}, ())


def test_one_name_for_this_machine() -> None:
    """Loopback and unspecified addresses are one host; other names are compared without case or root dot."""
    same = {
        folded(host, 1) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "a.localhost", "0.0.0.0")
    }
    assert same == {("loopback", 1)}
    assert folded("Two.Example.", 80) == ("two.example", 80)


def test_services_are_found_by_legacy_address_first() -> None:
    """A listener of the shadow counts for a recording only, and never before a legacy address."""
    assert by_legacy(TABLE) == {("loopback", 8000): "one", ("two.example", 80): "two"}
    assert by_any(TABLE) == {**by_legacy(TABLE), ("loopback", 18000): "one"}
