"""What a route's flag means for a call on its gateway path (DESIGN §3). Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from gateway.problem import NotFound

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.flags.flag import FlagSnapshot


class Standing(StrEnum):
    """Served in full, passed through transparently, or a copy that is compared."""

    SERVED = "served"
    TRANSPARENT = "transparent"
    COPY = "copy"


def standing(flags: FlagSnapshot, route: Route, *, copy: bool = False) -> Standing:
    """How the gateway treats this call.

    Raises:
        NotFound: the route has never left shadow, so nobody may depend on its gateway path yet.
    """
    if copy:
        return Standing.COPY
    flag = flags.flag(route.id)
    if flag.stage.rank >= Stage.CANARY.rank:
        return Standing.SERVED
    if flag.left_shadow:
        return Standing.TRANSPARENT
    raise NotFound(f"{route.id} is not yet served here", reason="not-served")
