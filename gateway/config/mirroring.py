"""The `shadow:` section, and the limits that the platform has itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import duration, rate, share
from gateway.core.mirroring import Mirroring, PlatformLimit

if TYPE_CHECKING:
    from gateway.config.section import Section

_COST = 3
_LEAST = 1.1


def read_mirroring(section: Section) -> Mirroring:
    """How copies are made."""
    usual = Mirroring()
    mirroring = Mirroring(
        second=section.read("second", share, usual.second),
        load=section.read("load", _load, usual.load),
        slow=section.read("slow", _slow, usual.slow),
    )
    section.close()
    return mirroring


def read_platform_limit(section: Section) -> PlatformLimit | None:
    """The limit under `platform_limit` of a service or route; None when there is none."""
    if not section.has("platform_limit"):
        return None
    inner = section.section("platform_limit")
    limit = PlatformLimit(
        rate=inner.need("rate", rate) or 1.0, per=inner.read("per", duration, PlatformLimit(1.0).per)
    )
    inner.close()
    return limit


def _load(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _COST:
        raise Wrong(f"{text!r:.40} is no load", "write 0% to 300%: a read costs three requests at most")
    return value


def _slow(text: str) -> float:
    if text == "off":
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not _LEAST <= value < float("inf"):
        raise Wrong(f"{text!r:.40} is no factor", "write a number such as 2, from 1.1 on, or off")
    return value
