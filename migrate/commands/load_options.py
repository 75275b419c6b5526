"""Options of `cutover loadtest run`, by what they are about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config.objectives import arrivals
from gateway.config.problem import Wrong
from gateway.core.errors import UsageError
from loadtests.promises import override_options
from loadtests.shapes import RUN_TIMES, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.objectives import ClassObjectives
    from gateway.core.table import RouteTable

RunTime = Annotated[str | None, typer.Option("--run-time", help="How long: 30, 30s, 5m, 1h30m; by shape.")]
ShapeName = Annotated[Shape, typer.Option("--shape", help="How the load goes over time.")]
Rate = Annotated[str | None, typer.Option("--rate", help="Arrivals, like 50/s, instead of users.")]
Spike = Annotated[float, typer.Option("--spike", help="How many times the load a spike is.")]
Step = Annotated[str | None, typer.Option("--step", help="How long a search for the knee holds a load.")]

Objective = Annotated[
    list[str] | None,
    typer.Option("--objective", metavar="[CLASS.]AIM=BOUND", help="Like read.p95=300ms, or ratio=off."),
]
P95 = Annotated[str | None, typer.Option("--p95", metavar="MS", help="95th percentile per route.")]
P99 = Annotated[str | None, typer.Option("--p99", metavar="MS", help="99th percentile per route.")]
MaxErrorRate = Annotated[str | None, typer.Option("--max-error-rate", help="Per route: 0.001 or 0.1%.")]
MaxRatio = Annotated[str | None, typer.Option("--max-ratio", help="Gateway's median over legacy's.")]
MaxAdded = Annotated[str | None, typer.Option("--max-added", metavar="MS", help="Median less legacy's.")]
FirstToken = Annotated[str | None, typer.Option("--first-token", metavar="MS", help="Of streams, p95.")]

Html = Annotated[Path | None, typer.Option("--html", help="Write the result as a page here.")]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write the result as JUnit XML here.")]
JsonFile = Annotated[Path | None, typer.Option("--json-file", help="Write the judged result here.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="PREFIX", help="Write locust's CSV files.")]
LocustHtml = Annotated[Path | None, typer.Option("--locust-html", help="Write locust's own page here.")]


def seconds(text: str, option: str = "--run-time") -> float:
    """A duration such as 90, 90s, 5m or 1h30m in seconds.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip())
    if not found or not any(found.groups()):
        raise UsageError(f"{option} {text}: write a duration such as 30s, 5m or 1h30m")
    hours, minutes, rest = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def run_time(text: str | None, shape: Shape) -> float:
    """The run time in seconds, or what is usual for the shape."""
    return RUN_TIMES[shape] if text is None else seconds(text)


def rate(text: str | None) -> float:
    """Arrivals a second; 0 when users wait for answers.

    Raises:
        UsageError: it is no rate.
    """
    try:
        return 0.0 if text is None else arrivals(text)
    except Wrong as wrong:
        raise UsageError(f"--rate {text}: {wrong.message}; {wrong.mend}") from None


def objectives(
    table: RouteTable, values: list[str] | None, latencies: Mapping[str, str | None], **shares: str | None
) -> Mapping[str, ClassObjectives]:
    """What the command line promises instead of the table; plain numbers of `latencies` are milliseconds.

    Raises:
        UsageError: a class, an aim or a bound is not known.
    """
    written = {aim: f"{text}ms" if text and _is_number(text) else text for aim, text in latencies.items()}
    return override_options(table, values or (), **written, **shares)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None
