from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from migrate.ports.nft import Nft
from migrate.ports.ruleset import closing, script
from migrate.ports.verify import Places, Verification, verify
from tests.apps.namespaces import PORT, Lab, lab, serving
from tests.migrate.ports.tables import table_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.core.table import RouteTable


@pytest.fixture
def hosts() -> Iterator[Lab]:
    """Three connected hosts."""
    with lab() as built:
        yield built


@pytest.fixture
def table(tmp_path: Path, hosts: Lab) -> RouteTable:
    """A table whose legacy host is the first namespace as seen from outside."""
    (tmp_path / "cutover.yaml").write_text(table_text(hosts.from_outside[0]))
    return load_table(tmp_path / "cutover.yaml")


def ask(table: RouteTable, hosts: Lab, outside: str = "", timeout: float = 3.0) -> Verification:
    """Verify orchestration over both families."""
    places = Places(outside or hosts.outside, hosts.host)
    return verify(table, table.services["orchestration"], places, [hosts.from_outside[1]], timeout)


def test_a_closed_port_with_a_serving_gateway_is_proven(table: RouteTable, hosts: Lab) -> None:
    """Refused in both families from outside, open from the gateway's host, the gateway answering 401: proven."""
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
        found = ask(table, hosts)
    assert found.passed, found.reasons
    assert [seen.outcome for seen in found.outside] == ["refused", "refused"]
    assert found.gateway_url.endswith("/api/v1/deployments")


def test_an_open_port_is_named(table: RouteTable, hosts: Lab) -> None:
    """Before closing, every address that still takes connections is a reason."""
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        found = ask(table, hosts)
    assert found.reasons == tuple(f"port 8080 on {address} still takes connections" for address in hosts.from_outside)


def test_a_dead_service_proves_nothing(table: RouteTable, hosts: Lab) -> None:
    """A port is refused also where nobody listens; that is not called closed."""
    with serving(hosts.host, 8000, 401):
        found = ask(table, hosts)
    assert not found.passed
    assert "dead service" in found.reasons[0]


@pytest.mark.parametrize("status", [0, 502])
def test_a_gateway_that_does_not_serve_fails(table: RouteTable, hosts: Lab, status: int) -> None:
    """Closing the port is no success while the gateway is away or answers 5xx."""
    with serving(hosts.host, PORT):
        Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
        if status:
            with serving(hosts.host, 8000, status):
                found = ask(table, hosts)
        else:
            found = ask(table, hosts)
    assert len(found.reasons) == 1
    assert "the gateway does not serve" in found.reasons[0]


def test_asking_from_the_host_itself_proves_nothing(table: RouteTable, hosts: Lab) -> None:
    """On the legacy host the port stays open, so an attempt there is no proof and says what to do."""
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
        found = ask(table, hosts, outside=hosts.host)
    assert all("--from NETNS" in reason for reason in found.reasons)
    assert len(found.reasons) == 2


def test_dropped_packets_prove_nothing(table: RouteTable, hosts: Lab) -> None:
    """No answer at all may be a firewall or a host that is away: not proven."""
    drop = (
        "table inet d { chain c { type filter hook prerouting priority raw; tcp dport 8080 iifname != lo drop; }; }"
    )
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        hosts.nft("-f", "-", script=drop)
        found = ask(table, hosts, timeout=0.3)
    assert all("proves nothing" in reason for reason in found.reasons)


def test_no_way_there_is_told_apart(table: RouteTable, hosts: Lab) -> None:
    """From a place without a route to the host nothing is proven about the port."""
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        found = ask(table, hosts, outside=hosts.allowed)
    assert any("no way" in reason for reason in found.reasons)


def test_the_document_holds_every_attempt(table: RouteTable, hosts: Lab) -> None:
    """The JSON form names each address, outcome, and what the gateway said."""
    with serving(hosts.host, PORT), serving(hosts.host, 8000, 401):
        document = ask(table, hosts).to_json()
    assert [seen["outcome"] for seen in document["outside"]] == ["open", "open"]
    assert document["gateway"]["status"] == 401
    assert document["passed"] is False
