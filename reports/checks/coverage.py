"""What legacy was seen to answer was also proven through the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_CANARY, Check, failed, passed
from reports.figures import count

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence, Sight

NAME = "coverage"
_NAMED = 4


def judge(_evidence: Evidence, route: RouteEvidence, _targets: Targets) -> Finding:
    """Each status class with each parameter shape counts once, those of older digests too."""
    unproven = sorted(route.seen - route.proven, key=_name)
    text = (
        f"{count(len(route.proven))} of {count(len(route.seen), 'kind')} of call proven,"
        f" by {count(route.subjects, 'subject')}"
    )
    if not route.seen:
        return failed(NAME, text, "no call was seen; play or wait for the dashboard's traffic through the shadow")
    if unproven:
        named = ", ".join(_name(item) for item in unproven[:_NAMED])
        rest = len(unproven) - _NAMED
        return failed(NAME, text, f"no agreeing pair yet for {named}{f' and {rest} more' if rest > 0 else ''}")
    return passed(NAME, text)


def _name(sight: Sight) -> str:
    return f"{sight.status_class}xx {sight.shape or 'without parameters'}"


CHECK = Check(NAME, (TO_CANARY,), judge)
