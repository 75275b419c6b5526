"""Values made anew for every answer, and how far they may differ.

Each is declared for its place; nothing is excused for merely looking like a time or an id.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.classes.rule import Case, Class
from shadow.normalise.jwt import claims

if TYPE_CHECKING:
    from shadow.diff.found import Found

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PYDANTIC = re.compile(r"https://errors\.pydantic\.dev/[0-9.]+/v/")
_NUMBERS = re.compile(r"[0-9]+")
_NEAR = 0.05
_TOO_MANY = 429


def _on(case: Case, *targets: str) -> bool:
    return any(fnmatchcase(str(target), glob) for target in case.pair.route.legacy_targets for glob in targets)


def _changed(found: Found, *paths: str) -> bool:
    return found.location == "body" and found.kind is DifferenceKind.CHANGED and found.path in paths


def _texts(found: Found, pattern: re.Pattern[str]) -> bool:
    return all(isinstance(side, str) and pattern.fullmatch(side) for side in (found.legacy, found.gateway))


def _unset_policy(found: Found, case: Case) -> bool:
    unset = case.legacy_member("config_json") == case.gateway_member("config_json") == {}
    return (
        _changed(found, "$.updated_at") and _on(case, "GET /management/config/*") and unset and _texts(found, _TIME)
    )


def _validation_link(found: Found, case: Case) -> bool:
    here = found.location == "body" and found.path.startswith("$.detail[") and found.path.endswith("].url")
    if not here or case.statuses != (422, 422):
        return False
    ours, theirs = (_PYDANTIC.sub("", str(side), count=1) for side in (found.legacy, found.gateway))
    return ours == theirs


def _session_tokens(found: Found, _case: Case) -> bool:
    if not _changed(found, "$.access_token", "$.refresh_token"):
        return False
    ours, theirs = claims(found.legacy), claims(found.gateway)
    return ours is not None and ours == theirs


def _throughput(found: Found, case: Case) -> bool:
    if not (found.path.startswith("$.throughput.") and _on(case, "GET /management/insights/summary")):
        return False
    ours, theirs = found.legacy, found.gateway
    if not all(isinstance(side, int | float) and not isinstance(side, bool) for side in (ours, theirs)):
        return False
    return bool(abs(ours - theirs) <= _NEAR * max(abs(ours), abs(theirs)))


def _waiting_time(found: Found, case: Case) -> bool:
    if case.statuses != (_TOO_MANY, _TOO_MANY):
        return False
    here = found.path in {"$.detail", "retry-after"} and found.kind is DifferenceKind.CHANGED
    return here and _NUMBERS.sub("0", str(found.legacy)) == _NUMBERS.sub("0", str(found.gateway))


def _fault_id(found: Found, case: Case) -> bool:
    fault = case.legacy_member("error") == case.gateway_member("error") == "internal_server_error"
    return _changed(found, "$.request_id") and fault and _texts(found, _UUID)


GENERATED: tuple[Class, ...] = (
    Class("unset-policy-time", "a policy that nobody has set is said to be updated now", _unset_policy),
    Class(
        "validation-link", "validation errors link to the documentation of the installed pydantic", _validation_link
    ),
    Class("session-tokens", "two sign-ins give tokens that differ in their times only", _session_tokens),
    Class("throughput", "rates depend on the moment they are computed for", _throughput),
    Class("waiting-time", "how long to wait shrinks by the second", _waiting_time),
    Class("fault-id", "an unhandled error is given an id of its own", _fault_id),
)
