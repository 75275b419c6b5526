"""Swapping the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway import __version__
from gateway.core.digest import table_digest
from gateway.core.errors import RefusedError
from gateway.core.policy import Limit
from gateway.reload import Reloads, Swap, swap_of
from tests.apps.table import route, service, table

A = route("a", "compute", "GET /a", "GET /api/a")
B = route("b", "front", "GET /b", "GET /api/b", limit="read")
C = route("c", "compute", "GET /c", "GET /api/c")
OLD = table("http://one", A, B)


def test_same_table_changes_nothing() -> None:
    """Reading the same file again is no change."""
    swap = swap_of(OLD, table("http://one", A, B))
    assert swap == Swap(table_digest(OLD, __version__))
    assert str(swap) == f"nothing changed; table {table_digest(OLD, __version__)}"


def test_routes_are_told_apart() -> None:
    """What came, what went, and what is another under the same id."""
    new = table("http://one", replace(A, gateway=C.gateway), C)
    swap = swap_of(OLD, new)
    assert (swap.added, swap.removed, swap.changed) == (("c",), ("b",), ("a",))
    assert str(swap) == (
        f"1 route added (c), 1 route removed (b), 1 route changed (a); table {table_digest(new, __version__)}"
    )


def test_route_changes_with_its_service_and_limit() -> None:
    """A setting beside the route counts for the routes it decides, and is named itself."""
    moved = swap_of(OLD, table("http://one", A, B, services=(service("compute", "http://two"),)))
    assert (moved.changed, moved.services) == (("a",), ("compute",))
    limited = swap_of(OLD, replace(OLD, limits={"read": Limit(1)}))
    assert (limited.changed, limited.limits) == (("a", "b"), ("read",))
    assert swap_of(OLD, table("http://one", A, B, max_body=1)).policy == ("max_body",)


def test_many_names_are_summed() -> None:
    """The line stays one line."""
    routes = [route(f"r{number}", "compute", f"GET /r{number}", f"GET /api/r{number}") for number in range(9)]
    line = str(swap_of(OLD, table("http://one", A, B, *routes)))
    assert line.startswith("9 routes added (r0, r1, r2, r3, r4 and 4 more); table ")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"listen": "127.0.0.1:1"}, "gateway: listen is 127.0.0.1:8800 in the running process and cannot become"),
        ({"internal_listen": "127.0.0.1:1"}, "gateway: internal_listen is 127.0.0.1:8801"),
    ],
)
def test_listeners_need_a_restart(changes: dict[str, str], told: str) -> None:
    """A table that moves a listener is refused whole, in words that say what to do."""
    with pytest.raises(RefusedError, match=told) as refused:
        swap_of(OLD, table("http://one", A, B, **changes))
    assert str(refused.value).endswith("restart the gateway for it")


def test_another_platform_is_refused_with_everything_else() -> None:
    """All problems come at once, one a line."""
    new = replace(table("http://one", A, listen="127.0.0.1:1"), platform="other")
    with pytest.raises(RefusedError) as refused:
        swap_of(OLD, new)
    assert "platform is test, and this file is of other" in str(refused.value).splitlines()[1]


def test_state_tells_the_last_attempt() -> None:
    """A refusal is shown until a table was taken over again."""
    reloads = Reloads("one")
    reloads.failed("x.yaml:1: a\nx.yaml:2: b")
    assert (reloads.digest, reloads.problems) == ("one", ("x.yaml:1: a", "x.yaml:2: b"))
    done, refused = 'cutover_reloads_total{result="done"}', 'cutover_reloads_total{result="refused"}'
    assert reloads.gauges == {"cutover_reload_failed": 1, done: 0, refused: 1}
    reloads.succeeded("two")
    assert reloads.digest == "two"
    assert reloads.gauges == {"cutover_reload_failed": 0, done: 1, refused: 1}
