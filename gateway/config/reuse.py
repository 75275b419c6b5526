"""The route options `coalesce:` and `cache:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.scalars import duration, filled, switch
from gateway.core.reuse import Caching
from gateway.core.routes import Effect, Kind

if TYPE_CHECKING:
    from gateway.config.section import Section
    from gateway.core.routes import Route


def chosen(section: Section, key: str) -> bool:
    """Whether an option is switched on; none is where nothing is said."""
    return section.read(key, switch, default=False)


def read_caching(section: Section) -> Caching | None:
    """How a route's answers are kept; None where they are not."""
    if not section.has("cache"):
        return None
    part = section.section("cache")
    caching = Caching(
        fresh=part.read("for", duration, 0.0),
        drops=tuple(item.value for item in part.values("drops", filled) or ()),
    )
    part.close()
    return caching


def check_reuse(section: Section, route: Route) -> None:
    """Refuse to share what must not be shared: writes, streams, and answers made for one request."""
    keeps = route.cache is not None and (bool(route.cache.fresh) or not route.cache.drops)
    for key, wanted in (("coalesce", route.coalesce), ("cache", keeps)):
        if not wanted:
            continue
        if route.effect is not Effect.READ or route.legacy.method != "GET" or route.kind is not Kind.HTTP:
            section.wrong(key, "only a GET route that reads and answers http has answers to share", "remove it")
        elif route.rewrites:
            section.wrong(key, "an answer with a rewritten address is good for one caller once", "remove it")
    if route.health and route.effect is not Effect.READ:
        section.wrong("health", "a route that asks for health only reads", "remove it, or write effect: read")
