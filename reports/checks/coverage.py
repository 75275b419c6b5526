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
_SUCCESS = 2


def judge(_evidence: Evidence, route: RouteEvidence, _targets: Targets) -> Finding:
    """Each status class with each parameter shape counts once, those of older digests too.

    A success that was seen and never proven may be proven by an exercise of its shape, and a route that nobody called
    by exercises alone; both are said.
    """
    if not route.seen:
        return _uncalled(route)
    exercised = {sight for sight in route.seen - route.proven if _exercised(sight, route)}
    proven = route.proven | exercised
    unproven = sorted(route.seen - proven, key=_name)
    kinds = f"{count(len(proven))} of {count(len(route.seen), 'kind')} of call proven"
    text = f"{kinds}, by {count(route.subjects, 'subject')}"
    if exercised:
        text += f"; {count(len(exercised))} by exercise only, which is weaker"
    if unproven:
        named = ", ".join(_name(item) for item in unproven[:_NAMED])
        rest = len(unproven) - _NAMED
        return failed(NAME, text, f"no agreeing pair yet for {named}{f' and {rest} more' if rest > 0 else ''}")
    return passed(NAME, text)


def _uncalled(route: RouteEvidence) -> Finding:
    shapes = len(route.exercised_shapes)
    if shapes and route.exercised.agreed == route.exercised.total:
        return passed(NAME, f"no call was seen; {count(shapes, 'shape')} by exercise only, which is weaker")
    return failed(
        NAME,
        f"0 of 0 kinds of call proven, by {count(route.subjects, 'subject')}",
        "no call was seen; play or wait for the dashboard's traffic through the shadow",
    )


def _exercised(sight: Sight, route: RouteEvidence) -> bool:
    return sight.status_class == _SUCCESS and sight.shape in route.exercised_shapes


def _name(sight: Sight) -> str:
    return f"{sight.status_class}xx {sight.shape or 'without parameters'}"


CHECK = Check(NAME, (TO_CANARY,), judge)
