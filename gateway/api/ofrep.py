"""Flags for clients over OFREP (OpenFeature Remote Evaluation Protocol 0.3): which path serves a subject.

A route's id is a string flag, `legacy` or `gateway`; `ROUTE:gateway` is the same as a boolean. What a client says
of itself decides bucketing only, as the unverified token does at the shadow; a verified token is believed first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.api.page import JSON, NEVER_STORED, Rendered, answered, as_json, whole
from gateway.core.exchange import header
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Route, Stage, Target
from gateway.core.subject import Subject, fingerprint, subject_named
from gateway.limit import failed
from gateway.problem import Unauthenticated

if TYPE_CHECKING:
    from gateway.answer import Answer
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.handle import Call, Context

BOOLEAN = ":gateway"
"""What follows a route's id in the key of its boolean flag; no id holds a colon."""
_LARGEST = 1 << 16
_VERIFIED = Route("cutover.flags", "", Target("POST", PathPattern("/")), None, Effect.READ, Access.JWT)
"""Tells the authenticating step which kind of credential is expected."""


class BadContext(ValueError):  # noqa: N818 - an answer rather than a fault
    """The request cannot be evaluated; `code` is the protocol's word for it."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(details)
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks; `subject` is None while nobody said so."""

    subject: Subject | None


async def evaluate(context: Context, call: Call, key: str) -> Answer:
    """One flag."""
    try:
        asked = await _asked(context, call)
        found = evaluated(call.table, context.flags(), key, asked)
    except BadContext as bad:
        return whole(400, JSON, as_json(_failure(bad.code, str(bad), key=key)))
    if found is None:
        return whole(404, JSON, as_json(_failure("FLAG_NOT_FOUND", f"no exposed route is called {key:.80}", key=key)))
    return whole(200, JSON, as_json(found))


async def evaluate_all(context: Context, call: Call) -> Answer:
    """Every flag; 304 while nothing has changed for this subject."""
    flags, table = context.flags(), call.table
    try:
        asked = await _asked(context, call)
        routes = [route.id for route in table.routes if route.gateway is not None]
        found = [_or_failure(table, flags, key, asked) for route in routes for key in (route, route + BOOLEAN)]
    except BadContext as bad:
        return whole(400, JSON, as_json(_failure(bad.code, str(bad))))
    document = {"flags": found, "metadata": {"revision": flags.revision}}
    return answered(Rendered.of(JSON, as_json(document)), call.request, cache=NEVER_STORED)


def evaluated(table: RouteTable, flags: FlagSnapshot, key: str, asked: Asked) -> dict[str, Any] | None:
    """What the protocol calls an evaluation success; None for a flag that is not there.

    Raises:
        BadContext: the route is in canary, and nobody said for whom.
    """
    name = key.removesuffix(BOOLEAN)
    route = table.route(name)
    if route is None or route.gateway is None:
        return None
    flag = flags.flag(name)
    if flag.stage is Stage.CANARY and asked.subject is None:
        raise BadContext("TARGETING_KEY_MISSING", f"{name} is in canary: say for whom with targetingKey")
    gateway = flags.serves_gateway(route, asked.subject or Subject(""))
    variant = "gateway" if gateway or flag.stage is Stage.CLOSED else "legacy"
    metadata: dict[str, Any] = {"stage": str(flag.stage), "revision": flag.revision}
    if flag.stage is Stage.CANARY:
        metadata["percent"] = flag.percent
    return {
        "key": key,
        "value": variant == "gateway" if key.endswith(BOOLEAN) else variant,
        "variant": variant,
        "reason": "SPLIT" if flag.stage is Stage.CANARY else "STATIC",
        "metadata": metadata,
    }


def _or_failure(table: RouteTable, flags: FlagSnapshot, key: str, asked: Asked) -> dict[str, Any] | None:
    try:
        return evaluated(table, flags, key, asked)
    except BadContext as bad:
        return _failure(bad.code, str(bad), key=key)


async def _asked(context: Context, call: Call) -> Asked:
    claimed = _claimed(await call.body.read(_LARGEST), context.settings.fingerprint_key)
    credential = header(call.request.headers, "authorization")
    if credential is None:
        return Asked(claimed)
    scheme, _, token = credential.partition(" ")
    if scheme.lower() == "bearer" and token.strip().startswith(call.table.policy.api_key_prefix):
        return Asked(Subject(fingerprint(context.settings.fingerprint_key, token.strip())))
    try:
        caller = await context.parts.authenticate(context.identity, call.table, _VERIFIED, call.request)
    except Unauthenticated as refusal:
        await failed(context.limits, call.table, refusal, call.entry.client, shadow=False)
        raise
    return Asked(subject_named(caller.subject, caller.organisation, context.settings.fingerprint_key))


def _claimed(body: bytes, key: bytes) -> Subject | None:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise BadContext("PARSE_ERROR", "the body is no JSON") from None
    said = document.get("context", {}) if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise BadContext("INVALID_CONTEXT", "context must be an object")
    subject, organisation = said.get("targetingKey", ""), said.get("org_id", "")
    if not isinstance(subject, str) or not isinstance(organisation, str):
        raise BadContext("INVALID_CONTEXT", "targetingKey and org_id must be texts")
    return subject_named(subject, organisation, key) if subject else None


def _failure(code: str, details: str, **key: str) -> dict[str, str]:
    return {**key, "errorCode": code, "errorDetails": details}
