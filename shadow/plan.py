"""What the shadow does with one primary request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.core.observation import Bucket
from gateway.flags.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Route, Stage
    from gateway.core.subject import Subject


class Side(StrEnum):
    """Who answers: legacy, the gateway, or the shadow itself."""

    LEGACY = "legacy"
    GATEWAY = "gateway"
    SHADOW = "shadow"


class Copying(StrEnum):
    """How a copy is made.

    `metered` is a real read while the route's hourly budget lasts, else a dry run. `served` sends to legacy what the
    gateway answered. `fallback` sends nothing: the gateway could not be reached, and that is what is recorded.
    `answer` sends nothing either: the gateway served a write, whose answer is compared with the shape of legacy's.
    """

    NONE = "none"
    READ = "read"
    DRY_RUN = "dry-run"
    METERED = "metered"
    SERVED = "served"
    FALLBACK = "fallback"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who serves a request and how it is copied; `bucket` and `reason` say where it counts when it is not."""

    service: str
    subject: Subject
    route: Route | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    flag: Flag = field(default_factory=lambda: Flag(""))
    side: Side = Side.LEGACY
    copying: Copying = Copying.NONE
    bucket: Bucket = Bucket.OFF
    reason: str = ""

    @property
    def route_id(self) -> str:
        """The route's id, empty when none matched."""
        return self.route.id if self.route else ""

    def without_copy(self) -> Plan:
        """The same for a request that is itself a copy: served, and never copied again."""
        if self.copying is Copying.NONE:
            return self
        return replace(self, copying=Copying.NONE, bucket=Bucket.OFF, reason="loop")

    @property
    def stage(self) -> Stage:
        """The stage the plan was made under."""
        return self.flag.stage
