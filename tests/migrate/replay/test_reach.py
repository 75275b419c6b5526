from __future__ import annotations

import socket

import pytest

from gateway.core.errors import UnreachableError, UsageError
from gateway.core.routes import Authorization, Service
from gateway.core.table import RouteTable
from migrate.replay.reach import check_reachable, player_addresses

TABLE = RouteTable(
    "test",
    {
        name: Service(name, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", Authorization.STRIP, "")
        for name, port in (("one", 1000), ("two", 2000))
    },
    (),
)


def test_the_player_stands_where_the_gateway_looks_for_services() -> None:
    """With a gateway elsewhere, services stand at their internal addresses unless others are given."""
    assert player_addresses("", TABLE, internal=True) == {"one": "127.0.0.1:1001", "two": "127.0.0.1:2001"}
    assert player_addresses("two=0.0.0.0:9", TABLE, internal=True)["two"] == "0.0.0.0:9"
    assert player_addresses("one=h:1, two=h:2", TABLE, internal=False) == {"one": "h:1", "two": "h:2"}


@pytest.mark.parametrize("text", ["one", "three=h:1", "one=h", "one=h:x"])
def test_a_malformed_address_is_a_usage_error(text: str) -> None:
    """What is no SERVICE=HOST:PORT says which services there are."""
    with pytest.raises(UsageError, match="one, two"):
        player_addresses(text, TABLE, internal=False)


def test_a_gateway_that_answers_passes() -> None:
    """Something that accepts connections is enough."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"http://127.0.0.1:{server.getsockname()[1]}", "start it")


def test_a_gateway_that_is_away_is_named_with_the_mend() -> None:
    """The line says where nothing answers and how to start it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"no gateway answers at http://127.0.0.1:{port}: .*; start it"):
        check_reachable(f"http://127.0.0.1:{port}", "start it")


@pytest.mark.parametrize("url", ["embeded", "ws://h", "http://h/path", ""])
def test_what_is_no_url_is_a_usage_error(url: str) -> None:
    """Only `embedded` and base URLs are taken."""
    with pytest.raises(UsageError, match="neither"):
        check_reachable(url, "")
