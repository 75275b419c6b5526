"""Intended differences, as declared under `changes:` in the route table."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.core.observation import Difference

if TYPE_CHECKING:
    from gateway.core.routes import Change
    from shadow.classes.rule import Case
    from shadow.diff.found import Found


def covering(found: Found, case: Case) -> Change | None:
    """The declared change that intends this difference.

    A pair of statuses covers the whole answer, never the request sent upstream; `at` covers one place.
    """
    return next((change for change in case.table.changes if _covers(change, found, case)), None)


def _covers(change: Change, found: Found, case: Case) -> bool:
    if not any(fnmatchcase(case.pair.route.id, glob) for glob in change.routes):
        return False
    wanted = change.legacy_status, change.gateway_status
    if any(want not in {None, got} for want, got in zip(wanted, case.statuses, strict=True)):
        return False
    if change.gateway_reason and not (case.pair.refused and case.gateway_member("reason") == change.gateway_reason):
        return False
    if change.at is not None:
        return change.at in _places(found)
    return change.gateway_status is not None and not found.location.startswith("upstream.")


def _places(found: Found) -> set[str]:
    pattern = Difference(found.location, found.path, found.kind).pattern
    return {found.location, f"{found.location}:{found.path}", f"{found.location}:{pattern}"}
