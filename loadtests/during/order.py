"""What is to happen during a load, as the operator writes it: `flip deployments.*`, `kill gateway at 10s`."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FLIP, KILL, STOP, RUN = "flip", "kill", "stop", "run"
WORDS = {FLIP: "a pattern of routes", KILL: "a process", STOP: "a process", RUN: "a command"}
"""What can be done, and what it is done to."""
_TIME = r"(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?s?)?"
_ENDING = re.compile(rf"\s+(at|for)\s+((?=\d){_TIME}|\d+(?:\.\d+)?%)$")
_LONGEST = {FLIP: 10.0, KILL: 1.0, STOP: 5.0}
"""Seconds that a flip goes on, a killed process stays away and a stopped one stands still, unless it is said.

A fifth of the run time at most.
"""
_MAX_FAILED = {FLIP: 0, STOP: 0}
"""Requests that may fail: a flag change drops none, and the gateway does without what it can do without."""
_MAX_RECOVERY = 10.0


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: `at` a second of the load or a share of it (0 to 1), `lasts` seconds; None leaves it to us."""

    text: str
    verb: str
    what: str
    at: float | None = None
    share: float | None = None
    lasts: float | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """An action with its second of the load, and how many seconds it lasts (0: until it ends by itself)."""

    action: Action
    at: float
    lasts: float


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Everything that is to happen during one load, and how much of it may be felt.

    `processes` are a pid or a pid file by name, `restarts` commands by name; flags are flipped in `store` as `by`.
    `max_failed` requests and `max_recovery` seconds hold for each action; None: what is usual for its kind.
    """

    actions: tuple[Action, ...]
    processes: Mapping[str, str] = field(default_factory=dict)
    restarts: Mapping[str, str] = field(default_factory=dict)
    store: Path = Path(".cutover/cutover.db")
    by: str = ""
    max_failed: int | None = None
    max_recovery: float | None = None

    def __post_init__(self) -> None:
        named = {action.what for action in self.actions if action.verb in {KILL, STOP}}
        for action in self.actions:
            if action.verb in {KILL, STOP} and action.what not in self.processes:
                raise UsageError(
                    f"--during {action.text!r}: say which process that is, with --process {action.what}=PID"
                    f" or --process {action.what}=PIDFILE"
                )
        for option, given in (("process", self.processes), ("restart", self.restarts)):
            if strange := sorted(given.keys() - named):
                raise UsageError(f"--{option} {strange[0]}=…: nothing is to happen to {strange[0]}; add --during")
        if (self.max_failed or 0) < 0 or (self.max_recovery or 0) < 0:
            raise UsageError("--max-failed and --max-recovery are not negative")

    def failed_allowed(self, verb: str) -> int | None:
        """Requests that may fail through an action of this kind; None: as many as fail until it has recovered."""
        return _MAX_FAILED.get(verb) if self.max_failed is None else self.max_failed

    @property
    def recovery_allowed(self) -> float:
        """Seconds within which everything is to be as before."""
        return _MAX_RECOVERY if self.max_recovery is None else self.max_recovery


def parsed(texts: Iterable[str]) -> tuple[Action, ...]:
    """The actions that these texts ask for.

    Raises:
        UsageError: one asks for nothing that can be done.
    """
    return tuple(map(_action, texts))


def due(actions: Sequence[Action], run_time: float) -> tuple[Due, ...]:
    """When each happens in a load of so many seconds; those without a moment spread evenly, one alone in the middle.

    Raises:
        UsageError: one would begin when the load has ended.
    """
    free, passed = sum(_is_free(action) for action in actions), 0
    out = []
    for action in actions:
        if _is_free(action):
            passed += 1
            at = run_time * passed / (free + 1)
        else:
            at = run_time * action.share if action.share is not None else action.at or 0.0
        if at >= run_time:
            raise UsageError(f"--during {action.text!r}: the load has ended by then, it takes {run_time:g} s")
        usual = min(_LONGEST.get(action.verb, 0.0), run_time / 5)
        out.append(Due(action, at, usual if action.lasts is None else action.lasts))
    return tuple(out)


def named(option: str, values: Iterable[str]) -> dict[str, str]:
    """`NAME=VALUE` options as a mapping.

    Raises:
        UsageError: a name or a value is missing, or a name is given twice.
    """
    out: dict[str, str] = {}
    for value in values:
        name, _, rest = (part.strip() for part in value.partition("="))
        if not name or not rest:
            raise UsageError(f"--{option} {value}: write NAME=… with the name that --during uses")
        if name in out:
            raise UsageError(f"--{option} {name}=… is given twice")
        out[name] = rest
    return out


def words(command: str) -> list[str]:
    """A command as its words; no shell reads it.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        found = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{command}: {error}") from None
    if not found:
        raise UsageError("an empty command does nothing")
    return found


def _is_free(action: Action) -> bool:
    return action.at is None and action.share is None


def _action(text: str) -> Action:
    verb, _, rest = text.strip().partition(" ")
    what, given = f" {rest}", dict[str, str]()
    while found := _ENDING.search(what):
        if found[1] in given:
            raise UsageError(f"--during {text!r}: says {found[1]!r} twice")
        given[found[1]] = found[2]
        what = what[: found.start()]
    what = what.strip()
    if verb not in WORDS:
        raise UsageError(f"--during {text!r}: write flip PATTERN, kill NAME, stop NAME or run COMMAND")
    if not what:
        raise UsageError(f"--during {text!r}: {verb} needs {WORDS[verb]}")
    if verb in {KILL, STOP} and not re.fullmatch(r"[\w.-]+", what):
        raise UsageError(f"--during {text!r}: {verb} one process by its name, then `at 10s` and `for 3s` as wanted")
    if verb == RUN:
        words(what)
    at, lasts = given.get("at", ""), given.get("for", "")
    if lasts.endswith("%"):
        raise UsageError(f"--during {text!r}: write how long in seconds, such as `for 3s`")
    share = float(at[:-1]) / 100 if at.endswith("%") else None
    return Action(
        text.strip(),
        verb,
        what,
        _seconds(at) if at and share is None else None,
        share,
        _seconds(lasts) if lasts else None,
    )


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text)
    hours, minutes, rest = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, 0.0)
    return hours * 3600 + minutes * 60 + rest
