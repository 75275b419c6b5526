from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.config import load_table
from migrate.demo.stack import Places, Stack

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


def test_places_are_inside_the_folder(tmp_path: Path) -> None:
    """Configuration and store belong to the demo's folder."""
    places = Places(tmp_path)
    assert places.config.parent == tmp_path
    assert tmp_path in places.store.parents


def test_a_stack_runs_gateway_and_shadow_and_leaves_nothing(tmp_path: Path) -> None:
    """The table points at the running platform, calls through the shadow are answered, all ports are free after."""
    with Stack(tmp_path) as stack:
        table = load_table(stack.places.config)
        assert {name: service.legacy for name, service in table.services.items()} == dict(stack.platform.urls)
        stack.start_gateway()
        stack.start_shadow()
        health = httpx.get(f"http://{table.policy.internal_listen}/health", trust_env=False)
        assert health.json()["status"] == "ok"
        through = httpx.get(stack.listeners["filtration"] + "/health", trust_env=False)
        assert through.status_code == 200
        addresses = [urlsplit(url).netloc for url in stack.listeners.values()] + [table.policy.listen]
    for address in addresses:
        host, _, port = address.rpartition(":")
        with socket.socket() as probe:
            assert probe.connect_ex((host, int(port))) != 0


def test_a_build_and_a_load_account_can_be_given(tmp_path: Path) -> None:
    """The next gateway is another one for the evidence, and commands sign in as the seeded admin."""
    with Stack(tmp_path) as stack:
        before = stack.table.policy
        stack.configure(build="2")
        assert (before.build, stack.table.policy.build) == ("1", "2")
        assert before.listen == stack.table.policy.listen
        stack.give_load_account("S" * 32)
        assert stack.children.environment["CUTOVER_LOAD_TOTP_SECRET"] == "S" * 32
