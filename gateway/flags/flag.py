"""A flag: a route's stage, share, cohort rules and revision, with who, when and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.cohort import in_cohort
from gateway.core.routes import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Route
    from gateway.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Flag:
    """One route's flag. `percent` counts in canary only; `named` holds `user:ID` and `org:ID` entries.

    `left_shadow` says whether the route was ever in canary or later: then a gateway client survives a rollback.
    `sunset` is an ISO date announced to legacy callers, empty for none.
    """

    route: str
    stage: Stage = Stage.LEGACY
    percent: float = 0.0
    named: tuple[str, ...] = ()
    left_shadow: bool = False
    revision: int = 0
    by: str = ""
    at: float = 0.0
    reason: str = ""
    sunset: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class FlagSnapshot:
    """All flags at one revision; immutable, swapped whole. `salt` is the store's own, for cohorts."""

    revision: int = 0
    salt: str = ""
    flags: Mapping[str, Flag] = field(default_factory=dict)

    def flag(self, route_id: str) -> Flag:
        """The route's flag; a route never touched stands in legacy."""
        return self.flags.get(route_id) or Flag(route_id)

    def serves_gateway(self, route: Route, subject: Subject) -> bool:
        """Whether a call on the legacy path is served by the gateway."""
        flag = self.flag(route.id)
        if flag.stage is Stage.CANARY:
            return f"user:{subject.name}" in flag.named or in_cohort(
                self.salt,
                route.rollout_group,
                subject.key,
                percent=flag.percent,
                organisation=subject.organisation,
                named=flag.named,
            )
        return flag.stage is Stage.GATEWAY
