from __future__ import annotations

from dataclasses import replace

from rich.console import Console, RenderableType

from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.store.pace import ServicePace
from migrate.standing.rows import Row, detail, stage_table
from reports.figures import rate
from reports.nouns import Latency, RouteEvidence, Tally
from tests.apps.route_tables import table

ROUTE = table().routes[0]
BARE = Row(ROUTE, RouteEvidence("pools.list", "d", Flag("pools.list")), ("processes: none", "parity: none"))
FULL = Row(
    ROUTE,
    replace(
        BARE.evidence,
        flag=Flag("pools.list", Stage.CANARY, percent=5.0, by="eva", at=0.0, reason="why"),
        pairs=Tally(match=98, expected=1, mismatch=1, inconclusive=5),
        latency=Latency(10, 0.1, 0.12),
    ),
    (),
)


def said(part: RenderableType) -> str:
    """What a terminal shows."""
    console = Console(width=200)
    with console.capture() as shown:
        console.print(part)
    return shown.get()


def test_the_match_rate_counts_what_says_anything() -> None:
    """Inconclusive pairs are no trials; without pairs nothing is known."""
    assert FULL.match_rate == 0.99
    assert FULL.bound is not None
    assert 0 < FULL.bound < 0.99
    assert (BARE.match_rate, BARE.bound) == (None, None)


def test_a_row_names_the_first_blocker_and_counts_the_others() -> None:
    """Or says that the route is ready, or done."""
    assert "processes: none (+1)" in said(stage_table([BARE]))
    assert said(stage_table([FULL])).splitlines()[1].split() == [
        *("pools.list", "canary", "5", "%", "100", "99.00", "%"),
        *rate(FULL.bound or 0).split(),
        "1.20x",
        "ready",
    ]
    closed = Row(ROUTE, replace(FULL.evidence, flag=Flag("pools.list", Stage.CLOSED)), ())
    assert "ready" not in said(stage_table([closed]))


def test_a_rate_is_never_rounded_up_to_all() -> None:
    """One mismatch in 100 000 pairs does not read as 100 %."""
    pairs = Tally(match=99_999, mismatch=1)
    nearly = Row(ROUTE, replace(FULL.evidence, pairs=pairs), ())
    assert "match rate 99.999 %" in detail(nearly).plain


def test_detail_names_everything() -> None:
    """Both sides, numbers, who and when, all blockers."""
    text = detail(FULL).plain
    assert "canary 5 %, since 1970-01-01 00:00 UTC by eva: why" in text
    assert "to gateway: ready" in text
    assert "parity: none" in detail(BARE).plain


def test_json_holds_the_same() -> None:
    """With nulls for what is not known."""
    assert BARE.to_json()["latency_ratio"] is None
    assert (FULL.to_json()["next"], FULL.to_json()["pairs"]) == ("gateway", 100)


def test_where_requests_landed_and_why_stands_in_the_detail() -> None:
    """Buckets with their reasons; and why not all copies are made, while that is so."""
    reasons = {("compared", ""): 40, ("sampled-out", "adaptive"): 7, ("sampled-out", "platform-limit"): 2}
    slow = ServicePace("orchestration", 0.25, 0.0, "pools.list", 0.24, 0.04)
    busy = replace(FULL.evidence, buckets={"compared": 40, "sampled-out": 9}, reasons=reasons, pace=slow)
    text = detail(Row(ROUTE, busy, ())).plain
    assert "requests 40 compared, 9 sampled-out (7 adaptive, 2 platform-limit)" in text
    assert "25.0 % of orchestration's copies are made: pools.list begins to answer after 240 ms, at best" in text
    shown = Row(ROUTE, busy, ()).to_json()
    assert shown["buckets"][1] == ["sampled-out", "adaptive", 7]
    assert shown["pace"]["share"] == 0.25
    calm = replace(busy, pace=replace(slow, share=1.0))
    assert "copies are made" not in detail(Row(ROUTE, calm, ())).plain
    assert "requests" not in detail(BARE).plain
