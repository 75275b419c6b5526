"""What a promote or rollback makes of a flag. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from gateway.core.cohort import in_cohort, position
from gateway.core.errors import RefusedError, UsageError
from gateway.core.routes import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gateway.flags.flag import Flag

STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: `to` None means the next stage, `percent` None the one the flag has.

    Raises:
        UsageError: the reason is empty, the share is no number of 0 to 100, or the sunset is no day to come.
    """

    by: str
    reason: str
    to: Stage | None = None
    percent: float | None = None
    named: tuple[str, ...] = ()
    sunset: str = ""
    force: bool = False

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise UsageError("--reason is empty: say why, it goes into the audit trail")
        if self.percent is not None and not 0 <= self.percent <= 100:  # noqa: PLR2004 - per cent
            raise UsageError(f"--percent {self.percent:g} is not within 0 and 100")
        if self.sunset:
            _validate_sunset(self.sunset)


def named(users: Iterable[str], organisations: Iterable[str]) -> tuple[str, ...]:
    """A named cohort as a flag holds it; each text may list several, separated by commas."""
    entries = [f"user:{item}" for text in users for item in text.split(",")]
    entries += [f"org:{item}" for text in organisations for item in text.split(",")]
    return tuple(dict.fromkeys(entry for entry in entries if not entry.endswith(":")))


def promoted(flag: Flag, wish: Wish) -> Flag | None:
    """The flag one step forward, or with a larger share; None when it stands there already.

    Raises:
        RefusedError: the wish goes backwards, skips a stage without force, or shrinks a cohort.
        UsageError: a share or date that makes no sense for the stage.
    """
    to = _destination(flag, wish)
    _validate(flag, wish, to)
    after = replace(
        flag,
        stage=to,
        percent=flag.percent if wish.percent is None else wish.percent,
        named=tuple(dict.fromkeys((*flag.named, *wish.named))),
        sunset=wish.sunset or flag.sunset,
        by=wish.by,
        reason=wish.reason,
        forced=wish.force,
    )
    return after if _moves(flag, after) else None


def rolled_back(flag: Flag, wish: Wish) -> Flag | None:
    """The flag at any earlier stage, or a canary of a smaller share; None when there.

    By default legacy serves again: canary and gateway go back to shadow. Shadow goes to legacy, closed to gateway.

    Raises:
        RefusedError: the wish goes forward, or nothing is before `legacy`.
        UsageError: a share that makes no sense for the stage.
    """
    to = wish.to if wish.to is not None else _before(flag, wish)
    if to.rank > flag.stage.rank:
        raise RefusedError(f"{flag.route} stands in {flag.stage}, before {to}: go forward with cutover promote")
    if wish.percent is not None and to is not Stage.CANARY:
        raise UsageError(f"--percent belongs to canary, and {flag.route} would stand in {to}")
    if wish.percent is not None and flag.stage is Stage.CANARY and wish.percent > flag.percent:
        raise RefusedError(f"{flag.route} holds {flag.percent:g} %: a larger share is a cutover promote")
    after = replace(
        flag,
        stage=to,
        percent=flag.percent if wish.percent is None else wish.percent,
        by=wish.by,
        reason=wish.reason,
        sunset="" if to.rank < Stage.GATEWAY.rank else flag.sunset,
        forced=False,
    )
    return after if _moves(flag, after) else None


def holds(after: Flag, salt: str, group: str, subjects: Collection[str]) -> bool:
    """Whether a canary serves any of these subjects; organisations of subjects are not known here."""
    if any(entry.startswith("org:") for entry in after.named):
        return True
    return any(in_cohort(salt, group, subject, percent=after.percent, named=after.named) for subject in subjects)


def smallest_percent(salt: str, group: str, subjects: Collection[str]) -> float | None:
    """The smallest share, in hundredths of a per cent, that holds one of these subjects; None without subjects."""
    if not subjects:
        return None
    first = min(position(salt, group, subject) for subject in subjects)
    return min((math.floor(first * 100) + 1) / 100, 100.0)


def _destination(flag: Flag, wish: Wish) -> Stage:
    if wish.to is not None:
        return wish.to
    if flag.stage is Stage.CANARY and (wish.percent is not None or wish.named):
        return Stage.CANARY
    if flag.stage is Stage.CLOSED:
        raise RefusedError(f"{flag.route} is closed, and nothing comes after that")
    return STAGES[flag.stage.rank + 1]


def _before(flag: Flag, wish: Wish) -> Stage:
    if flag.stage is Stage.CANARY and wish.percent is not None:
        return Stage.CANARY
    if flag.stage is Stage.LEGACY:
        raise RefusedError(f"{flag.route} stands in legacy, and nothing is before that")
    return Stage.SHADOW if flag.stage is Stage.GATEWAY else STAGES[flag.stage.rank - 1]


def _validate(flag: Flag, wish: Wish, to: Stage) -> None:
    if to.rank < flag.stage.rank:
        raise RefusedError(f"{flag.route} stands in {flag.stage}, past {to}: go back with cutover rollback")
    if to.rank > flag.stage.rank + 1 and not wish.force:
        raise RefusedError(
            f"{flag.route} stands in {flag.stage}: one stage at a time, next is {STAGES[flag.stage.rank + 1]};"
            " --force skips"
        )
    _validate_cohort(flag, wish, to)
    if wish.sunset and to.rank < Stage.GATEWAY.rank:
        raise UsageError(f"--sunset tells legacy callers of stage gateway, and {flag.route} would stand in {to}")


def _validate_cohort(flag: Flag, wish: Wish, to: Stage) -> None:
    if to is not Stage.CANARY:
        if wish.percent is not None or wish.named:
            raise UsageError(f"--percent, --users and --orgs belong to canary, and {flag.route} would stand in {to}")
        return
    if wish.percent is None and not wish.named and flag.stage is not Stage.CANARY:
        raise UsageError(f"say whom the canary of {flag.route} serves: --percent N, --users or --orgs")
    if wish.percent is not None and flag.stage is Stage.CANARY and wish.percent < flag.percent:
        raise RefusedError(
            f"{flag.route} already holds {flag.percent:g} %: a smaller share is cutover rollback --percent"
            f" {wish.percent:g}"
        )


def _validate_sunset(sunset: str) -> None:
    try:
        day = date.fromisoformat(sunset)
    except ValueError:
        day = None
    if day is None or day.isoformat() != sunset:
        raise UsageError(f"--sunset {sunset!r} is no date: write YYYY-MM-DD")
    if day <= datetime.now(UTC).date():
        raise UsageError(f"--sunset {sunset}: callers are told of a day to come, and this one is not (UTC)")


def _moves(before: Flag, after: Flag) -> bool:
    fresh = (after.stage, after.percent, after.named, after.sunset)
    return fresh != (before.stage, before.percent, before.named, before.sunset)
