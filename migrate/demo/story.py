"""The acts of the demo, in order: each does its part for real and shows what came of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.core.errors import CutoverError
from migrate.demo.dashboard import Dashboard

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from migrate.demo.stack import Stack

_SETTLE = 10.0
_EVERYTHING = "*"


class ActFailedError(CutoverError):
    """An act of the demo did not end as it must."""


class Story:
    """Plays the migration on a running stack and prints it; `ok` counts the acts that held."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._act = 0
        self._started = time.monotonic()
        self.dashboard: Dashboard | None = None

    def act(self, title: str) -> None:
        """Announce the next act."""
        self._act += 1
        elapsed = time.monotonic() - self._started
        self._console.print()
        self._console.rule(f"[bold]{self._act}. {title}[/bold]  [dim]{elapsed:.0f} s[/dim]", align="left")

    def say(self, text: str) -> None:
        """One line of narration."""
        self._console.print(text, highlight=False)

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,), show: bool = True, head: int = 0) -> str:
        """A `cutover` command as a user types it, its output indented; `head` shows only so many lines.

        Raises:
            ActFailedError: it ended with another exit code.
        """
        shown = " ".join(f"'{word}'" if set(word) & set(" *") else word for word in arguments)
        self._console.print(f"[cyan]$ cutover {shown}[/cyan]", highlight=False)
        done = self._stack.children.command(*arguments)
        lines = done.stdout.rstrip().splitlines()
        if show:
            for line in lines[:head] if head else lines:
                self._console.print("  " + line, highlight=False, markup=False, soft_wrap=True)
            if head and len(lines) > head:
                self._console.print(f"  [dim]… {len(lines) - head} more lines[/dim]", highlight=False)
        if done.returncode not in expect:
            raise ActFailedError(f"cutover {shown} ended with {done.returncode}: {done.stdout.strip()[-400:]}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """What a reading command says as JSON.

        Raises:
            ActFailedError: it said something else.
        """
        done = self._stack.children.command(*arguments, "--json")
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise ActFailedError(f"cutover {' '.join(arguments)} --json said: {done.stdout[:300]}") from None

    def play_session(self, title: str, *, rounds: int = 1) -> None:
        """The dashboard's session through the shadow, page by page, with a progress display."""
        dashboard = self._browser()
        pages = list(dashboard.pages()) * rounds
        columns = (TextColumn("  {task.description:<38}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
        before = dashboard.calls
        with Progress(*columns, console=self._console, transient=not self._console.is_terminal) as progress:
            task = progress.add_task(title, total=len(pages))
            for page in pages:
                progress.update(task, description=page.title)
                page.visit()
                progress.advance(task)
            progress.update(task, description=title)
        self.say(f"  {dashboard.calls - before} calls, every one answered as the dashboard needs it")
        self.settle()

    def settle(self) -> None:
        """Wait until no copy is pending, so that what is shown is complete."""
        deadline = time.monotonic() + _SETTLE
        while time.monotonic() < deadline:
            if not self._pending():
                return
            time.sleep(0.2)

    def _pending(self) -> int:
        buckets = self.json("diffs")["buckets"]
        return int(buckets.get("pending", 0))

    def _browser(self) -> Dashboard:
        if self.dashboard is None:
            self.dashboard = Dashboard(self._stack.listeners, self._stack.platform.urls["sidecar"], self._stack.seed)
        return self.dashboard

    def reports(self, folder: Path) -> None:
        """Write both reports."""
        self.run("report", "diffs", "--html", str(folder / "diffs.html"), expect=(0, 1), show=False)
        self.run("report", "readiness", "--html", str(folder / "readiness.html"), expect=(0, 1), show=False)
