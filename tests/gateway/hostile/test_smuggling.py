"""The smuggling corpus against the listening port, with an upstream that records every request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.smuggling import CASES, ONCE, SERVED, TAIL, answers
from tests.apps.table import route, table
from tests.apps.wire import talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running
    from tests.apps.smuggling import Case

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = tuple(
    route(f"{name}.{method.lower()}", "compute", f"{method} /{name}", f"{method} /api/{name}", access="public")
    for method, name in (("GET", "things"), ("POST", "things"), ("GET", "smuggled"), ("GET", "tail"))
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both() -> AsyncIterator[tuple[Running, Upstream]]:
    """One gateway in front of one upstream, for the whole corpus."""
    async with upstream() as up, running(table(up.address, *ROUTES)) as gate:
        yield gate, up


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_request_with_two_readings_has_one(both: tuple[Running, Upstream], case: Case) -> None:
    """It is refused and its connection ends, or it is served as what it says; nobody's reading makes it two."""
    gate, up = both
    up.seen.clear()
    statuses = answers(await talk(gate.port, case.data + TAIL))
    targets = [seen.target for seen in up.seen]
    assert not [target for target in targets if "smuggled" in target]
    assert not [status for status in statuses if status >= 500]
    match case.verdict:
        case str(verdict) if verdict == SERVED:
            assert (statuses, targets[1:]) == ([200, 200], ["/tail"])
        case str(verdict) if verdict == ONCE:
            assert (statuses, len(targets)) == ([200], 1)
        case allowed:
            assert statuses[0] in allowed
            # Only where the framing is beyond doubt may the connection go on.
            assert (statuses[1:], targets) in (([], []), ([200], ["/tail"]))
            assert statuses[1:] == [] or statuses[0] == 405
    assert len(targets) == statuses.count(200)
    up.seen.clear()
    assert answers(await talk(gate.port, TAIL)) == [200]
    assert [seen.target for seen in up.seen] == ["/tail"]
