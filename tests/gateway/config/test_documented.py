"""docs/configuration.md and the reader tell the same keys."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.config import load_table

ROOT = Path(__file__).parents[3]
_ASKED = re.compile(r"\.(?:need|read|values|section|listed|has)\(\s*\"(\w+)\"|_values\(section, \"(\w+)\"")


def test_every_key_is_documented() -> None:
    """Whatever the reader asks for stands in the page in code style."""
    page = (ROOT / "docs" / "configuration.md").read_text()
    source = "".join(path.read_text() for path in (ROOT / "gateway" / "config").glob("*.py"))
    keys = {one or other for one, other in _ASKED.findall(source)}
    assert len(keys) > 40
    assert {key for key in keys if f"`{key}`" not in page} == set()


def test_every_route_of_the_preset_is_in_the_overview() -> None:
    """docs/routes.md has one row for each, with both paths."""
    page = (ROOT / "docs" / "routes.md").read_text()
    rows = set(page.splitlines())
    for route in load_table(ROOT / "migrate" / "presets" / "inferia.yaml", {}).routes:
        if route.gateway:
            assert f"| {route.id} | `{route.legacy}` | `{route.gateway}` | {route.access} |" in rows
        else:
            assert f"| {route.id} | {route.service} | `{route.legacy}` |" in rows
