"""The `shadow:` section, and the limits that the platform has itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.listening import read_tls
from gateway.config.problem import Wrong
from gateway.config.scalars import address, duration, expanding, origin_url, rate, share
from gateway.core.mirroring import Mirroring, PlatformLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.section import Section

_COST = 3
_LEAST = 1.1


def read_mirroring(section: Section, environment: Mapping[str, str], folder: str = "") -> Mirroring:
    """How copies are made, and where the shadow stands besides the services' own listeners."""
    usual = Mirroring()
    mirroring = Mirroring(
        second=section.read("second", share, usual.second),
        load=section.read("load", _load, usual.load),
        slow=section.read("slow", _slow, usual.slow),
        tls=read_tls(section.section("tls"), environment, folder, hsts=False),
        candidate=section.read("candidate", expanding(environment, origin_url), usual.candidate),
        proxy_listen=section.read("proxy_listen", expanding(environment, address), usual.proxy_listen),
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
