"""docs/catalogue.md, from what was run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.catalogue.run import Result

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
_INTRODUCTION = """\
# The defect catalogue

What `make catalogue` ran last: gateways with one defect each, and the instrument that finds it; then gateways and
services that are right and look different, of which nothing is raised. The gateway is the real one with one step
replaced, or with another table (`tests/catalogue/`); behind it stand the stand-in platform and a small service with
what the platform lacks. A copy goes the worker's own way: asked of legacy, marked, sent to the gateway's internal
listener, compared, judged. A row counts only if the differences that nothing explains are exactly those of its last
column. There, `[*]` stands for any item, and a breaking class stands in brackets.

Instruments: the *response diff* and the *upstream-request diff* of a copy; the *policy shadow*, which records whom
the gateway would refuse, and why; the *closed replay* of a recorded session, for sockets and deliveries; the *probes*
of `cutover probe`, where legacy is as open as the gateway. The first rows are the [wrong rows](wrong-rows.md) of the
platform's own gateway.
"""


def page(defects: Sequence[Result], noise: Sequence[Result]) -> str:
    """The page."""
    found = sum(one.ok for one in defects)
    raised = sum(not one.ok for one in noise)
    first = f"{found} of {len(defects)} defects are found by their instrument and named right"
    head = [
        _INTRODUCTION,
        f"{first}; of {len(noise)} right but noisy ones {raised} are raised.",
        "",
        "## Defects",
        "",
        "| defect | what is wrong | instrument | route | found |",
        "|---|---|---|---|---|",
    ]
    rows = [f"| {_marked(one)} | {one.what} | {one.instrument} | `{one.route}` | {_places(one)} |" for one in defects]
    noisy = ["", "## Noise", "", "| noise | what is different | route | verdict |", "|---|---|---|---|"]
    calm = [f"| {_marked(one)} | {one.what} | `{one.route}` | {one.instrument} |" for one in noise]
    return "\n".join([*head, *rows, *noisy, *calm, ""])


def _marked(one: Result) -> str:
    return one.name if one.ok else f"**{one.name}: not as it must be**"


def _places(one: Result) -> str:
    return "<br>".join(f"`{place}`" for place in one.found) or "nothing"
