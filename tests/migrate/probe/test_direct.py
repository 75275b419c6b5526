from __future__ import annotations

import pytest

from migrate.probe.direct import anonymous, forgery, may_be_asked, refusals
from tests.apps.echo import raw
from tests.apps.probed import inferia, probed


@pytest.mark.parametrize(
    ("status", "route", "passed"),
    [
        (200, "pools.list", False),
        (404, "deployments.get", False),
        (401, "pools.list", True),
        (500, "pools.list", False),
        (500, "auth.me", True),
        (500, "internal.models", True),
        (200, "internal.models", False),
    ],
)
async def test_what_a_service_lets_through(status: int, route: str, *, passed: bool) -> None:
    """Only 401, 403 and what a declared change says in their place are refusals: a 404 came from behind the door."""
    async with probed(inferia()) as at:
        at.upstream.behave = raw(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status)
        for ask in (anonymous, forgery):
            found = await ask(at.setting, at.route(route))
            assert (found.passed, found.location) == (passed, "" if passed else "status")
        assert {seen.method for seen in at.upstream.seen} == {"GET"}


def test_only_reads_by_get_are_asked() -> None:
    """No write, nothing metered, no socket, nothing public."""
    for route in inferia().routes:
        if may_be_asked(route):
            assert (route.legacy.method, str(route.effect), str(route.kind)) == ("GET", "read", "http")
            assert route.access != "public"


def test_declared_stand_ins_count_for_their_service() -> None:
    """The platform says 500 where it means 401, on one service."""
    assert refusals(inferia(), "filtration") == {401, 403, 500}
    assert refusals(inferia(), "orchestration") == {401, 403}
