from __future__ import annotations

from typing import Any

from loadtests.bench.table import text


def peer(rate: float, errors: int = 0) -> dict[str, Any]:
    """Figures of one peer."""
    return {"rate": rate, "cpu_microseconds": 50.0, "p50": 400.0, "p99": 900.0, "errors": errors}


def situation(ratio: float, p50: float, p99: float) -> dict[str, Any]:
    """Figures of the shadow in one situation."""
    added = {"added_p50": p50, "added_p99": p99}
    return {"ratio": ratio, "ratio_busy": ratio + 0.1, "cpu_microseconds": 1700.0, "errors": 0, **added}


FOUND: dict[str, Any] = {
    "throughput": {
        "peers": {"nginx": peer(40_000), "gateway": peer(18_000, errors=2)},
        "gateway_per": {
            "nginx": {"ratio": 0.45, "rounds": [0.44, 0.46]},
            "haproxy": {"ratio": 0.5, "rounds": [0.5, 0.5]},
            "plain": {"ratio": 29.0, "rounds": [29.0, 29.0]},
        },
    },
    "latency": {"peers": {}, "added": {"nginx": 100.0, "gateway": 150.0}, "ratio": 1.5},
    "streams": {
        "direct": {"first_p50": 0.001, "first_p99": 0.002, "delay_p99": 0.001, "failed": 0, "opened": 9},
        "gateway": {"first_p50": 0.001, "first_p99": 0.014, "delay_p99": 0.001, "failed": 1, "opened": 9},
        "added": {"first_p50": 0.0, "first_p99": 0.012, "delay_p99": 0.0},
    },
    "sockets": {"sockets": 1000, "before": 60_000_000, "after": 90_000_000, "each": 30_000.0},
    "profile": {
        "cpu_microseconds": 140.0,
        "samples": 9,
        "within": {"migrate/cli.py:main": 140.0, "gateway/handle.py:handle": 60.0},
        "itself": {"gateway/core/exchange.py:header": 3.5, "<string>:__init__": 2.0},
    },
    "shadow": {
        "mitmdump": {"rate": 500.0, "ratio": 1.0, "cpu_microseconds": 2000.0, "p50": 0.002, "p99": 0.004},
        "legacy dead": situation(1.2, -0.0003, 0.004),
        "shadow slow": situation(0.8, 0.002, 0.006),
    },
    "candidates": {"peers": {"own+own": peer(15_000)}},
    "propagation": {
        "gateways": 3,
        "gateway": {"p50": 20.0, "p99": 22.0, "most": 130.0, "changes": 300},
        "nginx": {"p50": 40.0, "p99": 60.0, "most": 70.0, "changes": 100},
        "ratio": 0.5,
    },
    "start": {
        "median": {"nginx": 50.0, "plain": 500.0, "gateway": 1000.0, "cutover --help": 600.0},
        "gateway_per": {"nginx": 20.0, "plain": 2.0},
        "help_per": {"python": 30.0, "uvicorn --help": 3.0},
    },
}


def test_goals_are_said_to_be_met_or_missed() -> None:
    """Each ratio stands beside its goal, with the rounds it comes from."""
    lines = text(FOUND).splitlines()
    (nginx,) = [line for line in lines if "gateway / nginx " in line and "rounds" in line]
    assert "0.45  met >= 0.4   rounds: 0.44 0.46" in nginx
    assert any("gateway / plain" in line and "MISSED >= 30" in line for line in lines)
    assert any("gateway / haproxy" in line and "met" not in line.lower() for line in lines)
    assert any("1.50  met <= 2" in line for line in lines)
    assert any("12.00  MISSED <= 10" in line for line in lines)
    assert any("60,000,000 without them, 30,000 for each  met <= 40,000" in line for line in lines)
    assert any("gateway      p50 20.0, p99 22.0, most 130.0 of 300  p99 met <= 100" in line for line in lines)
    assert any("nginx reload p50 40.0" in line and "gateway / nginx 0.50" in line for line in lines)
    assert any("gateway / plain 2.00" in line and "cutover --help / python 30.00" in line for line in lines)
    assert any("own+own" in line and "15,000/s" in line for line in lines)


def test_each_situation_of_the_shadow_stands_beside_its_goals() -> None:
    """Throughput as a share of the bare proxy's, and what is added to its answer times."""
    lines = text(FOUND).splitlines()
    assert any("mitmdump: 500/s (1.00), cpu 2,000 us; at half p50 2.00 p99 4.00 ms" in line for line in lines)
    (calm,) = [line for line in lines if "legacy dead" in line]
    assert "1.20 of it  met, 1.30 beside a busy core" in calm
    assert "added ms: p50 -0.30 met, p99 +4.00 met" in calm
    (slow,) = [line for line in lines if "shadow slow" in line]
    assert "0.80 of it  MISSED, 0.90 beside" in slow
    assert "added ms: p50 +2.00 MISSED, p99 +6.00 MISSED" in slow


def test_a_profile_names_the_gateways_functions() -> None:
    """What is called is told for functions of the gateway only, what works itself for all."""
    lines = text(FOUND).splitlines()
    (line,) = [line for line in lines if "handle handle" in line]
    assert line.split() == ["60.0", "handle", "handle", "3.5", "exchange", "header"]
    assert not any("migrate" in line for line in lines)


def test_errors_are_shouted() -> None:
    """A peer that did not answer every request is no quick peer."""
    assert "ERRORS 2" in text(FOUND)
    assert text(FOUND).count("ERRORS") == 1


def test_parts_that_were_not_measured_are_left_out() -> None:
    """Nothing is said of what is not known."""
    assert text({"plan": {}}) == ""


def test_what_is_skipped_is_named() -> None:
    """A peer that is not installed is no silent gap; what stood beside it only has no ratio."""
    alone = {"latency": {"peers": {}, "added": {"gateway": 150.0}}, "skipped": {"nginx": "not installed"}}
    assert text(alone).splitlines()[-1] == "skipped: nginx (not installed)"
    assert "/ nginx" not in text(alone)
