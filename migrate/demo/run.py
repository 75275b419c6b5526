"""`cutover demo`: the whole migration once, on the embedded platform."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from migrate.demo.stack import Stack
from migrate.demo.story import ActFailedError, Story

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

DEFECTIVE_ROUTE = "audit.logs"
"""The seeded defect loses all but the last of repeated query parameters; the session repeats one on this route."""
_FORCED = "demo: a minute of traffic cannot prove 99.9 %"


def run(folder: Path, console: Console, *, keep: bool = False) -> None:
    """Play every act; with `keep`, leave everything running until Ctrl-C.

    Raises:
        CutoverError: an act did not end as it must; nothing is left running.
    """
    with Stack(folder) as stack:
        story = Story(stack, console)
        with closing(story):
            _begin(stack, story)
            _catch_the_defect(story)
            _mend_it(stack, story)
            _move_the_routes(story)
            _load(stack, story)
            _report(stack, story)
        if keep:
            _stay(stack, story)


def open_signatures(story: Story) -> list[tuple[str, str]]:
    """Route and signature of every difference that nothing explains."""
    routes = story.json("diffs")["routes"]
    return [(seen["route"], item["signature"]) for seen in routes for item in seen["signatures"] if item["open"]]


def _begin(stack: Stack, story: Story) -> None:
    story.act("Five services and a sidecar, called directly today; a gateway and a shadow beside them")
    stack.start_gateway(defective=True)
    stack.start_shadow()
    story.columns(
        ("[bold]service[/]", "[bold]called today at[/]", "[bold]through the shadow at[/]"),
        *((name, url[7:], stack.listeners[name][7:]) for name, url in stack.platform.urls.items()),
        ("gateway", stack.table.policy.listen, ""),
    )
    story.run("check")


def _catch_the_defect(story: Story) -> None:
    story.act("Every route to shadow: legacy serves, a copy goes to the gateway, the answers are compared")
    story.run("promote", "*", "--reason", "compare before anything moves", head=4)
    story.play_session("a dashboard session")
    story.act("A defect is seeded in this gateway. What does QA see?")
    story.run("diffs", expect=(0, 1))
    found = open_signatures(story)
    if {route for route, _ in found} != {DEFECTIVE_ROUTE}:
        raise ActFailedError(f"the seeded defect is on {DEFECTIVE_ROUTE}, but open signatures are on: {found}")
    signature = found[0][1]
    story.run("diffs", "--signature", signature, expect=(0, 1))
    story.run("reject", signature, "--reason", "the gateway loses repeated parameters")
    story.run("promote", DEFECTIVE_ROUTE, "--percent", "50", "--reason", "can it go on?", expect=(1,))


def _mend_it(stack: Stack, story: Story) -> None:
    story.act("The gateway is mended and deployed as build 2: evidence on build 1 is stale, so it starts anew")
    for child in reversed(stack.children.running[:]):
        stack.children.stop(child)
    stack.configure(build="2")
    stack.start_gateway()
    stack.start_shadow()
    story.play_session("the same session")
    if found := open_signatures(story):
        raise ActFailedError(f"the mended gateway still differs: {found}")
    story.say("no open signature is left")
    story.act("Who gets in that must not? Security probes from outside, writes as dry runs")
    story.run("probe")


def _move_the_routes(story: Story) -> None:
    story.act("shadow → canary 50 % → gateway, while the dashboard goes on")
    story.run("routes", "deployments.get", expect=(0, 1))
    story.run("promote", "*", "--percent", "50", "--force", "--reason", _FORCED, head=4)
    story.play_session("a session in canary", show_board=False)
    story.run("promote", "*", "--to", "gateway", "--force", "--reason", _FORCED, head=4)
    story.play_session("a session served by the gateway", show_board=False)
    story.act("Something feels wrong with pools: back at once, and forward again")
    story.run("rollback", "pools.*", "--reason", "an alarm in the night")
    story.play_session("a session with pools on legacy", show_board=False)
    story.run("promote", "pools.*", "--percent", "100", "--force", "--reason", "false alarm", head=3)
    story.run("promote", "pools.*", "--to", "gateway", "--force", "--reason", "false alarm", head=3)
    story.run("history", "pools.list")


def _load(stack: Stack, story: Story) -> None:
    story.act("A short load test on the gateway, judged")
    stack.give_load_account(story.totp_secret)
    story.run("loadtest", "run", "--users", "5", "--spawn-rate", "5", "--run-time", "6s")


def _report(stack: Stack, story: Story) -> None:
    story.act("Two reports")
    folder = stack.places.folder
    for kind in ("diffs", "readiness"):
        page = folder / f"{kind}.html"
        story.run("report", kind, "--html", str(page), expect=(0, 1), head=1)
    routes = story.json("routes")
    ready = sum(not row["blockers"] for row in routes)
    story.say(f"{ready} of {len(routes)} routes are ready to be closed: that takes more than a minute of traffic")
    story.say(f"[bold green]done in {story.seconds:.0f} s[/bold green]: every call was answered as it must be")


def _stay(stack: Stack, story: Story) -> None:
    story.act("Everything keeps running; Ctrl-C ends it")
    story.say(f"cd {stack.places.folder} and try: cutover routes, cutover diffs --all, cutover history")
    story.say(f"sign in at {stack.listeners['filtration']} as {stack.seed.admin_email} / {stack.seed.admin_password}")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        story.say("stopping")
