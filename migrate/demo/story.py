"""How the demo tells itself: acts, commands as a user types them, a session with its progress and the board."""

from __future__ import annotations

import json
import time
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.core.errors import CutoverError
from migrate.demo.board import board, pending, read
from migrate.demo.dashboard import Dashboard

if TYPE_CHECKING:
    from rich.console import Console

    from migrate.demo.stack import Stack

_SETTLE = 15.0


class ActFailedError(CutoverError):
    """An act of the demo did not end as it must."""


def indented(line: str, width: int) -> list[str]:
    """A command's line as the story shows it: continued below with more indent, so that nothing is lost.

    Rules of tables are cut instead.
    """
    text = line.rstrip()
    if not text.strip("─ "):
        return [f"    {text}"[:width].rstrip()]
    lead = " " * (len(text) - len(text.lstrip()) + 6)
    return wrap("    " + text, width, subsequent_indent=lead, break_on_hyphens=False, replace_whitespace=False)


class Story:
    """Plays on a running stack and prints to a console."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._act = 0
        self._started = time.monotonic()
        self._dashboard: Dashboard | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self._started

    @property
    def totp_secret(self) -> str:
        """What the dashboard's user enrolled with; empty before it signed in."""
        return self._dashboard.totp_secret if self._dashboard else ""

    def act(self, title: str) -> None:
        """Announce the next act."""
        self._act += 1
        self._console.print()
        self._console.print(f"[bold]{self._act}. {title}[/bold]  [dim]{self.seconds:.0f} s[/dim]", highlight=False)

    def say(self, text: str) -> None:
        """One line of narration."""
        self._console.print("  " + text, highlight=False)

    def columns(self, *rows: tuple[str, ...]) -> None:
        """Lines of narration whose words stand under each other."""
        grid = Table.grid(padding=(0, 3, 0, 0))
        for row in rows:
            grid.add_row(*row)
        self._console.print(Padding(grid, (0, 0, 0, 2)), highlight=False)

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,), head: int = 0) -> str:
        """A `cutover` command as a user types it, its output indented; `head` shows only so many lines of it.

        Raises:
            ActFailedError: it ended with another exit code.
        """
        shown = " ".join(f"'{word}'" if set(word) & set(" *") else word for word in arguments)
        self._console.print(f"  [cyan]$ cutover {shown}[/cyan]", highlight=False, soft_wrap=True)
        done = self._stack.children.command(*arguments, columns=self._console.width - 4)
        lines = done.stdout.rstrip().splitlines()
        for line in lines[:head] if head else lines:
            for part in indented(line, self._console.width):
                self._console.print(part, highlight=False, markup=False, no_wrap=True)
        if head and len(lines) > head:
            self._console.print(f"    [dim]… {len(lines) - head} more lines[/dim]", highlight=False)
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

    def play_session(self, title: str, *, show_board: bool = True) -> None:
        """The dashboard's session through the shadow, page by page, the board filling beside it.

        Raises:
            UnexpectedAnswerError: a call was answered in a way the dashboard could not go on with.
        """
        if self._dashboard is None:
            sidecar = self._stack.platform.urls["sidecar"]
            self._dashboard = Dashboard(self._stack.listeners, sidecar, self._stack.seed)
        dashboard, before = self._dashboard, self._dashboard.calls
        pages = list(dashboard.pages())
        columns = (TextColumn("  {task.description:<36}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
        progress = Progress(*columns, console=self._console)
        task = progress.add_task(title, total=len(pages))
        with Live(progress, console=self._console, transient=True, refresh_per_second=8) as live:
            for page in pages:
                progress.update(task, description=page.title)
                page.visit()
                progress.advance(task)
                if show_board and self._console.is_terminal:
                    live.update(Group(progress, board(read(self._stack.places.store, self._stack.table))))
        self.say(f"{title}: {dashboard.calls - before} calls, every one answered as the dashboard needs it")
        self.settle()
        if show_board:
            self._console.print(board(read(self._stack.places.store, self._stack.table)))

    def settle(self) -> None:
        """Wait until no copy is pending, so that what is shown is complete.

        Raises:
            ActFailedError: copies are still pending after 15 s.
        """
        table, deadline = self._stack.table, time.monotonic() + _SETTLE
        while time.monotonic() < deadline:
            # The shadow writes its counts once a second; two looks apart see what is under way.
            time.sleep(1.2)
            if not pending(read(self._stack.places.store, table)):
                return
        raise ActFailedError(f"copies are still pending after {_SETTLE:.0f} s; see {self._stack.places.folder}")

    def close(self) -> None:
        """Close the browser."""
        if self._dashboard is not None:
            self._dashboard.close()
