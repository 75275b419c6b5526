from __future__ import annotations

import re
from pathlib import Path

from migrate.probe.asker import ANSWER, AT_ONCE, PER_ROUTE, TOTAL
from migrate.probe.catalogue import PROBES, SERVICE_PROBES
from tests.apps.probed import inferia

PAGE = (Path(__file__).parents[3] / "docs" / "probe.md").read_text()


def test_every_probe_has_its_row() -> None:
    """The page lists the registry, in its order."""
    assert re.findall(r"^\| `([a-z ]+)` \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE) == [
        probe.name for probe in PROBES
    ]


def test_every_route_is_probed() -> None:
    """No route of the shipped table is without a probe, and every probe has a route."""
    table = inferia()
    for route in table.routes:
        assert [probe.name for probe in PROBES if probe.applies(route)], route.id
    for probe in (*PROBES, *SERVICE_PROBES):
        assert any(probe.applies(route) for route in table.routes), probe.name


def test_names_are_single() -> None:
    """A name means one probe."""
    for registry in (PROBES, SERVICE_PROBES):
        assert len({probe.name for probe in registry}) == len(registry)


def test_the_promised_bounds() -> None:
    """The page states the bounds that the run keeps."""
    asked = f"at most {PER_ROUTE} requests to a route, {AT_ONCE} at once"
    assert f"{asked}, {ANSWER:g} s for an answer, {TOTAL:g} s in all" in PAGE
