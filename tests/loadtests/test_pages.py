from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from loadtests.calls import ready
from loadtests.pages import DASHBOARD, FIRST, pages_for, plain_read, routes_of
from migrate.presets import preset_text
from tests.apps.load_target import table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable


@pytest.fixture
def small(tmp_path: Path) -> RouteTable:
    """The table of the small load target."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    return load_table(tmp_path / "cutover.yaml")


def test_pages_keep_only_routed_calls(small: RouteTable) -> None:
    """Calls that the table does not route, or that are left out, are dropped, and empty pages with them."""
    pages = pages_for(small, left_out=("keys.list",))
    assert {page.name for page in pages} == {"first", "overview", "deployments", "deployment", "pools", "status"}
    routes = {route.id for route in routes_of(small, pages)}
    assert routes == {"status.health", "auth.me", "deployments.list", "deployments.get", "pools.list"}


def test_another_platform_is_loaded_by_its_plain_reads(small: RouteTable) -> None:
    """Where no page of the dashboard is routed, every exposed read without parameters is a page."""
    other = replace(
        small,
        services={f"x-{name}": service for name, service in small.services.items()},
        routes=tuple(replace(route, service=f"x-{route.service}") for route in small.routes),
    )
    assert [page.name for page in pages_for(other)] == ["status.health", "auth.me", "keys.list", "deployments.list"]
    assert all(plain_read(route) for route in routes_of(other, pages_for(other)))


def test_every_call_of_the_persona_is_in_the_shipped_table(tmp_path: Path) -> None:
    """On the preset no call of any page is dropped: what the dashboard asks is routed."""
    (tmp_path / "inferia.yaml").write_text(preset_text("inferia"))
    shipped = load_table(tmp_path / "inferia.yaml", {})
    written = [call for page in (FIRST, *DASHBOARD) for wave in page.waves for call in wave]
    names = {name for call in written for name in re.findall(r"\{(\w+)\}", call.target)}
    dropped = [call.target for call in written if ready(shipped, call, dict.fromkeys(names, "any")) is None]
    assert dropped == []
