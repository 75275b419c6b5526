from __future__ import annotations

import pytest

from gateway.core.path import PathPattern
from gateway.core.routes import Access, Target
from migrate.probe.paths import spellings, tricks
from tests.apps.probed import altered, inferia, probed, small


@pytest.mark.parametrize("name", ["inner.read", "inner.write"])
async def test_the_right_gateway_has_no_way_in(name: str) -> None:
    """However the path is written."""
    async with probed(small()) as at:
        found = await tricks(at.setting, at.route(name))
        assert found.passed, found
        assert at.upstream.seen == []


@pytest.mark.parametrize(("name", "method"), [("inner.read", "GET"), ("inner.write", "POST")])
async def test_an_internal_route_that_is_exposed_is_found(name: str, method: str) -> None:
    """The status is the place; a write is found without being delivered."""
    pattern = {"inner.read": "/internal/pool/{id}", "inner.write": "/internal/log"}[name]
    opened = altered(name, gateway=Target(method, PathPattern(pattern)), access=Access.PUBLIC)
    async with probed(small(), change=opened) as at:
        found = await tricks(at.setting, at.route(name))
        assert (found.passed, found.location, found.seen) == (False, "status", "200")
        assert "as it is, dry run" in found.detail
        assert not any(seen.method == "POST" for seen in at.upstream.seen)


@pytest.mark.proof
async def test_a_path_that_another_service_answers_is_no_way_in() -> None:
    """An internal route may share its path with an existing one of the service that passes through."""
    async with probed(inferia()) as at:
        shared = at.route("internal.guardrail-about")
        assert shared.legacy.path.text == "/"
        found = await tricks(at.setting, shared)
        assert found.passed, found
        assert all(seen.target == "/" for seen in at.upstream.seen)
    async with probed(inferia(passthrough="")) as at:
        found = await tricks(at.setting, at.route("internal.guardrail-about"))
        assert found.passed, found
        assert at.upstream.seen == []


def test_the_spellings_are_many() -> None:
    """Each is another target; a climb within a parameter only where the service has one."""
    table = small()
    read, write = table.route("inner.read"), table.route("inner.write")
    assert read is not None
    assert write is not None
    found = dict(spellings(table, read, "http://g"))
    assert len(set(found.values())) == len(found) == 11
    assert found["absolute form"].startswith("http://g/internal/pool/")
    assert found["a climb within a parameter"].startswith("/api/v1/pools/..%2f..%2f")
    assert "a climb within a parameter" not in dict(spellings(table, write, "http://g"))
