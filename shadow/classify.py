"""What explains a difference: a reviewed rule, a declared change, or a class; and what that makes of the pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.noise import NOISE
from gateway.core.observation import REJECTED, Difference, Verdict
from shadow.classes.breaking import BREAKING
from shadow.classes.changes import covering
from shadow.classes.construction import CONSTRUCTION
from shadow.classes.generated import GENERATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.observation import Rule
    from shadow.classes.rule import Case, Class
    from shadow.diff.found import Found

EXPLAINING: tuple[Class, ...] = (*CONSTRUCTION, *GENERATED)
"""Every class that explains a difference, in the order they are asked."""

_ROUTINE = frozenset(one.name for one in EXPLAINING if one.routine)


def explained(found: Found, case: Case, rules: Mapping[str, Rule], now: float, *, noisy: bool = False) -> str:
    """`rule:DECISION`, `change:ID`, a class name, `noise`, or nothing.

    A rejected signature is explained by nothing; a breaking difference by no class and by no noise. `noisy` says that
    legacy's own variation accounts for differences in this place.
    """
    rule = ruling(found, case.pair.route.id, rules)
    if rule is not None and rule.decision == REJECTED:
        return ""
    if rule is not None and rule.explains(now) and rule.covers(found.alike):
        return f"rule:{rule.decision}"
    name = _named(found, case)
    if routine(name):
        return name
    change = covering(found, case)
    if change is not None:
        return f"change:{change.id}"
    if breaking(found, case):
        return ""
    return name or (NOISE if noisy else "")


def ruling(found: Found, route: str, rules: Mapping[str, Rule]) -> Rule | None:
    """The reviewed decision on a difference's signature."""
    return rules.get(Difference(found.location, found.path, found.kind).signature(route))


def routine(by: str) -> bool:
    """Whether a class of this name comes with every answer, so that it is no difference."""
    return by in _ROUTINE


def _named(found: Found, case: Case) -> str:
    return next((one.name for one in EXPLAINING if one.holds(found, case)), "")


def breaking(found: Found, case: Case) -> str:
    """The name of the breaking class a difference belongs to; empty for none."""
    return next((one.name for one in BREAKING if one.holds(found, case)), "")


def verdict(by: Iterable[str]) -> Verdict:
    """The verdict over what explains each difference."""
    explanations = list(by)
    if not explanations:
        return Verdict.MATCH
    return Verdict.EXPECTED if all(explanations) else Verdict.MISMATCH
