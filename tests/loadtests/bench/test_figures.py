from __future__ import annotations

from typing import Any

import pytest

from loadtests.bench.figures import figures, joined
from tests.loadtests.bench.test_compare import found as throughput


def sample(requests: int, p50: float = 100.0) -> dict[str, Any]:
    """What wrk saw in a second."""
    return {"requests": requests, "microseconds": 1_000_000, "p50": p50, "p99": 900.0, "cpu_microseconds": 50.0}


FOUND: dict[str, Any] = {
    "throughput": throughput(0.4, 0.5),
    "latency": {"peers": {"direct": {"rounds": [sample(9, 50.0)]}, "gateway": {"rounds": [sample(5, 150.0)]}}},
    "streams": {"gateway": {"first_p50": 0.001, "first_p99": 0.004}},
    "sockets": {"each": 30_000.0},
    "shadow": {"mitmdump": {"rounds": [sample(500)]}, "legacy slow": {"rounds": [sample(1000)]}},
    "candidates": {"peers": {"own+own": {"rounds": [sample(15_000)]}}},
    "store": {"summary": 0.2, "rounds": {"store": [2.0, 4.0], "bare": [1.0, 1.0]}},
    "profile": {"cpu_microseconds": 140.0},
    "diff": {"rounds": {"equal": [0.1, 0.2]}, "deepdiff_rounds": {"equal": [10.0, 10.0], "rows": [9.0]}},
    "propagation": {"rounds": {"gateway": [[10.0, 20.0, 30.0]], "nginx": [[40.0]]}},
    "start": {
        "rounds": {
            "plain": [500.0], "gateway": [1000.0],
            "python": [20.0], "uvicorn --help": [200.0], "cutover --help": [600.0],
        }
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "values", "better", "beside"),
    [
        ("throughput: gateway / nginx", (0.4, 0.5), "more", True),
        ("throughput: gateway requests/s", (100.0, 100.0), "more", False),
        ("latency: gateway p50 / direct", (3.0,), "less", True),
        ("streams: gateway first_p99 ms", (4.0,), "less", False),
        ("sockets: bytes each", (30_000.0,), "less", False),
        ("shadow: legacy slow / mitmdump", (2.0,), "more", True),
        ("candidates: own+own requests/s", (15_000.0,), "more", False),
        ("store: bare SQLite's time / ours", (0.5, 0.25), "more", True),
        ("store: summary s", (0.2,), "less", False),
        ("diff: equal / DeepDiff", (0.01, 0.02), "less", True),
        ("profile: cpu us", (140.0,), "less", False),
        ("diff: equal ms", (0.1, 0.2), "less", False),
        ("propagation: gateway p50 / nginx reload", (0.5,), "less", True),
        ("propagation: gateway most ms", (30.0,), "less", False),
        ("start: gateway / plain", (2.0,), "less", True),
        ("start: cutover --help / uvicorn --help", (3.0,), "less", True),
    ],
)
def test_each_part_has_figures(name: str, values: tuple[float, ...], better: str, beside: bool) -> None:  # noqa: FBT001
    """One value a round, what is better, and whether a peer stood beside it."""
    figure = figures(FOUND)[name]
    assert (figure.values, figure.better, figure.beside) == (values, better, beside)


def test_rounds_of_several_runs_are_joined() -> None:
    """In their order; a peer that was missing takes nothing from the others."""
    alone = {"propagation": {"rounds": {"gateway": [[50.0]], "nginx": [[]]}}}
    together = joined([figures(FOUND), figures(alone)])
    assert together["propagation: gateway p50 ms"].values == (20.0, 50.0)
    assert together["propagation: gateway p50 / nginx reload"].values == (0.5,)
