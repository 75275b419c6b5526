from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import RefusedError, UsageError
from migrate.ports.ruleset import closing, removal, script, table_name


def test_allowed_sources_are_sorted_by_family_and_merged() -> None:
    """Addresses and networks go to the set of their family; what a network holds already is not repeated."""
    wanted = closing("orchestration", 8080, ["10.0.0.5", "10.0.0.0/24", "fd00::1", "192.168.1.7/24"])
    assert wanted.allowed4 == ("10.0.0.0/24", "192.168.1.0/24")
    assert wanted.allowed6 == ("fd00::1/128",)


@pytest.mark.parametrize("source", ["gateway.local", "10.0.0.300", "10.0.0.0/33", "", "10.0.0.1; flush ruleset"])
def test_a_source_that_is_no_address_is_a_usage_error(source: str) -> None:
    """A host name, a broken address or an injected command never reaches nft."""
    with pytest.raises(UsageError, match="--allow"):
        closing("data", 8003, [source])


@pytest.mark.parametrize("name", ["da ta", "x{}", "a;b", "", "1st", "ä"])
def test_a_service_name_that_cannot_stand_in_a_rule_set_is_refused(name: str) -> None:
    """Names outside nft's own alphabet are refused instead of bent, so that two services never share a table."""
    with pytest.raises(RefusedError, match="rule set"):
        table_name(name)


def test_the_script_replaces_its_own_table_and_names_no_other() -> None:
    """The table is declared, deleted and written in one transaction, and nothing else is flushed."""
    text = script(closing("data", 8003, ["10.0.0.5"]))
    tables = [line.split("{")[0].strip() for line in text.splitlines() if "table inet" in line]
    assert tables == ["table inet cutover_data", "delete table inet cutover_data", "table inet cutover_data"]
    assert "flush" not in text
    assert "priority raw" in text


def test_removal_deletes_that_table_only() -> None:
    """Reopening is one delete of the service's own table."""
    assert removal("data") == "delete table inet cutover_data\n"


@given(st.lists(st.ip_addresses().map(str), max_size=8), st.integers(1, 65535))
def test_every_allowed_address_is_in_the_script(sources: list[str], port: int) -> None:
    """Whatever is allowed stands in the script's sets, and the port is the one that was asked for."""
    wanted = closing("data", port, sources)
    networks = [ipaddress.ip_network(text) for text in (*wanted.allowed4, *wanted.allowed6)]
    assert all(any(ipaddress.ip_address(source) in network for network in networks) for source in sources)
    text = script(wanted)
    assert f"tcp dport != {port} accept" in text
    assert all(str(network) in text for network in networks)
