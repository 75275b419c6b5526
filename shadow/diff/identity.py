"""Which member tells the items of a list apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shadow.redaction.names import Treatment, treatment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shadow.diff.found import Budget

_NAMED = re.compile(r"id|uuid|key|name|slug|.*_id|.*_key|.*_name", re.IGNORECASE)
_POSITIONS = re.compile(r"\[[^\[\]]*\]")


def declared(identity: Mapping[str, str], path: str) -> str | None:
    """The member a route declares for the list at this path; positions in the path do not matter."""
    return identity.get(path) or identity.get(_POSITIONS.sub("[*]", path))


def found(
    legacy: list[Any], gateway: list[Any], budget: Budget | None = None, *, without: frozenset[str] = frozenset()
) -> str | None:
    """The member that is a unique scalar in every item of both lists, or None; never one of `without`.

    Ids come before keys and names; any other text member counts only if the two lists share half of its values. What
    is secret by its name never tells items apart, since paths are stored.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    if not legacy or not gateway or not all(isinstance(item, dict) for item in (*legacy, *gateway)):
        return None
    names = []
    for name in legacy[0]:
        if budget:
            budget.step(len(legacy) + len(gateway))
        if name not in without and treatment(name) is Treatment.KEEP and _both(name, legacy, gateway):
            names.append(name)
    chosen = sorted((name for name in names if _NAMED.fullmatch(name)), key=_rank)
    if chosen:
        return str(chosen[0])
    return next((name for name in names if _shared(name, legacy, gateway)), None)


def usable(name: str, items: list[Any]) -> bool:
    """Whether every item has this member, as a text or an integer, each value once."""
    seen = set()
    for item in items:
        value = item.get(name) if isinstance(item, dict) else None
        if not isinstance(value, str | int) or isinstance(value, bool) or value in seen:
            return False
        seen.add(value)
    return True


def _both(name: str, legacy: list[Any], gateway: list[Any]) -> bool:
    return usable(name, legacy) and usable(name, gateway)


def _rank(name: str) -> int:
    lowered = name.lower()
    if lowered in {"id", "uuid"}:
        return 0
    return 1 if lowered.endswith("_id") else 2


def _shared(name: str, legacy: list[Any], gateway: list[Any]) -> bool:
    ours, theirs = {item[name] for item in legacy}, {item[name] for item in gateway}
    return all(isinstance(value, str) for value in ours) and 2 * len(ours & theirs) >= min(len(ours), len(theirs))
