"""Defects of answers: statuses, bodies, headers, cookies, caching."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.answer import Answer
from tests.apps.faulty_gateway import incoming, whole
from tests.catalogue.defect import RESPONSE, Defect, answering, body, with_body
from tests.catalogue.rig import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.handle import Parts

PAGE = ("Origin", "http://localhost:3001")
USERS = Asked("filtration", "GET", "/management/users", "admin")
KEYS = Asked("filtration", "GET", "/management/api-keys?skip=0&limit=10", "admin")
ME = Asked("filtration", "GET", "/auth/me", "admin")
DEPLOYMENTS = Asked("orchestration", "GET", "/deployment/deployments?org_id={organisation}", "admin")
MODELS = Asked("inference", "GET", "/v1/models", "{api_key}")
FAULT = Asked("filtration", "GET", "/management/models", "admin")
PERMISSIONS = Asked("filtration", "GET", "/admin/roles/permissions/list", "admin")
SUMMARY = Asked(
    "filtration",
    "GET",
    "/management/insights/summary?start_time=2020-01-01T00:00:00%2B00:00&end_time=2030-01-01T00:00:00%2B00:00",
    "admin",
)
NOTES = Asked("notes", "GET", "/notes")
LEVEL = Asked("notes", "GET", "/level")
NOTES_PAGE = Asked("notes", "GET", "/notes?skip=1&limit=1")
FROM_PAGE = Asked("notes", "GET", "/notes", headers=(PAGE,))
PREFLIGHT = Asked(
    "filtration",
    "OPTIONS",
    "/management/users",
    headers=(
        PAGE,
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ),
)


def document(change: Callable[[Any], Any]) -> Callable[[], Parts]:
    """A gateway that gives another JSON document."""

    def changed(content: bytes) -> bytes:
        return json.dumps(change(json.loads(content)), ensure_ascii=False, separators=(",", ":")).encode()

    return body(changed)


def _status(status: int) -> Callable[[], Parts]:
    return answering(lambda answer: replace(answer, status=status))


def _first(change: Callable[[dict[str, Any]], None]) -> Callable[[], Parts]:
    def changed(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
        change(listed[0])
        return listed

    return document(changed)


def _kept_for_all() -> Parts:
    """A cache whose key forgets the organisation, looked into now and then: the third gets the first's."""
    given: list[bytes] = []

    async def changed(_upstream: Any, answer: Answer) -> Answer:
        given.append(await whole(answer))
        return with_body(answer, given[0] if len(given) % 3 == 0 else given[-1])

    return incoming(changed)


def _stale() -> Parts:
    """A cache that nothing ends: the first answer for ever."""
    given: list[bytes] = []

    async def changed(_upstream: Any, answer: Answer) -> Answer:
        given.append(await whole(answer))
        return with_body(answer, given[0])

    return incoming(changed)


def _swallowed(answer: Answer) -> Answer:
    return with_body(Answer(200, answer.headers), b"{}") if answer.status >= 500 else answer


def _zone(content: bytes) -> bytes:
    return content.replace(b"2026-11-22T18:33:20+00:00", b"2026-11-22T19:33:20+00:00")


def _lost_wide_numbers(content: bytes) -> bytes:
    return content.replace(b"9007199254740993", b"9007199254740992")


def _truncated(listed: list[Any]) -> list[Any]:
    return listed[:1]


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "wrong-status",
        "200 where legacy says 204",
        Asked("notes", "GET", "/empty"),
        RESPONSE,
        ("status:204→200 changed",),
        _status(200),
    ),
    Defect(
        "swallowed-error",
        "a 500 of the service becomes 200 with nothing in it",
        FAULT,
        RESPONSE,
        ("status:500→200 changed",),
        answering(_swallowed),
    ),
    Defect(
        "made-error",
        "a working answer becomes the gateway's own 502",
        USERS,
        RESPONSE,
        ("status:200→502 changed (gateway-made)",),
        _status(502),
    ),
    Defect(
        "error-shape",
        "an error's detail is wrapped once more",
        Asked("notes", "GET", "/fault"),
        RESPONSE,
        ("body:$.error missing", "body:$.message extra"),
        document(lambda said: {"message": said["error"]}),
    ),
    Defect(
        "no-content-body",
        "a body beside 204",
        Asked("notes", "GET", "/empty"),
        RESPONSE,
        ("status:204→200 changed", "body extra"),
        answering(lambda answer: with_body(replace(answer, status=200), b"{}")),
    ),
    Defect(
        "wrong-tenant",
        "every third answer is another organisation's",
        USERS,
        RESPONSE,
        ("body:$[*] intermittent",),
        _kept_for_all,
        times=2,
        before=replace(USERS, who="foreign"),
    ),
    Defect(
        "stale-cache",
        "an answer is kept for longer than it holds",
        LEVEL,
        RESPONSE,
        ("body:$.level changed",),
        _stale,
        before=LEVEL,
    ),
    Defect(
        "lost-field",
        "a member is missing",
        USERS,
        RESPONSE,
        ("body:$[*].role missing",),
        _first(lambda row: row.pop("role")),
    ),
    Defect(
        "null-for-missing",
        "a member that legacy leaves out is null",
        USERS,
        RESPONSE,
        ("body:$[*].deleted_at extra",),
        _first(lambda row: row.update(deleted_at=None)),
    ),
    Defect(
        "missing-for-null",
        "a member that legacy says is null is left out",
        ME,
        RESPONSE,
        ("body:$.org_id missing",),
        document(lambda me: {name: value for name, value in me.items() if value is not None}),
    ),
    Defect(
        "number-as-text",
        "a number comes as a text",
        DEPLOYMENTS,
        RESPONSE,
        ("body:$.deployments[*].replicas type",),
        body(lambda content: content.replace(b'"replicas":1', b'"replicas":"1"')),
    ),
    Defect(
        "truth-as-number",
        "true comes as 1",
        ME,
        RESPONSE,
        ("body:$.is_active type",),
        document(lambda me: {**me, "is_active": 1}),
    ),
    Defect(
        "float-rounding",
        "floats lose their last digits",
        SUMMARY,
        RESPONSE,
        ("body:$.latency_ms.avg changed",),
        document(lambda said: {**said, "latency_ms": {"avg": round(said["latency_ms"]["avg"], 2)}}),
    ),
    Defect(
        "wide-number",
        "a number beyond 2^53 goes through a double",
        NOTES,
        RESPONSE,
        ("body:$[*].big changed",),
        body(_lost_wide_numbers),
    ),
    Defect(
        "truncated-list",
        "only the first page of a list",
        NOTES,
        RESPONSE,
        ("body:$[*] missing",),
        document(_truncated),
    ),
    Defect(
        "repeated-value",
        "a plain value comes twice",
        PERMISSIONS,
        RESPONSE,
        ("body:$[*] extra",),
        document(lambda values: [*values, values[-1]]),
    ),
    Defect(
        "repeated-row",
        "a row comes twice",
        NOTES,
        RESPONSE,
        ("body:$[*] extra",),
        document(lambda rows: [*rows, rows[-1]]),
    ),
    Defect(
        "empty-list",
        "nothing instead of something",
        KEYS,
        RESPONSE,
        ("body:$[*] missing",),
        document(lambda _rows: []),
    ),
    Defect(
        "reordered-list",
        "a list comes in another order",
        NOTES,
        RESPONSE,
        ("body:$ order",),
        document(lambda rows: rows[::-1]),
    ),
    Defect(
        "wrapped-list",
        "a bare list becomes an object",
        USERS,
        RESPONSE,
        ("body:$ type",),
        document(lambda rows: {"items": rows}),
    ),
    Defect(
        "off-by-one-page",
        "a page begins one item late",
        NOTES_PAGE,
        RESPONSE,
        ("body:$[*] missing", "body:$[*] extra"),
        body(lambda content: content.replace(b'"id":2', b'"id":3').replace("naïve".encode(), b"plain")),
    ),
    Defect(
        "wrong-zone",
        "a time is an hour late in the same zone",
        NOTES,
        RESPONSE,
        ("body:$[*].at changed",),
        body(_zone),
    ),
    Defect(
        "mangled-unicode",
        "UTF-8 read as latin-1 and written again",
        NOTES,
        RESPONSE,
        ("body:$[*].title changed",),
        body(lambda content: content.decode("latin-1").encode()),
    ),
    Defect(
        "question-marks",
        "what is beyond ASCII becomes ?",
        Asked("notes", "GET", "/text"),
        RESPONSE,
        ("body:text changed",),
        body(lambda content: content.decode().encode("ascii", "replace")),
    ),
    Defect(
        "binary-as-text",
        "bytes go through a text and back",
        Asked("notes", "GET", "/blob"),
        RESPONSE,
        ("body:digest changed",),
        body(lambda content: content.decode("utf-8", "replace").encode()),
    ),
    Defect(
        "doubly-packed",
        "a packed answer is packed again under one label",
        Asked("notes", "GET", "/packed"),
        RESPONSE,
        ("body:content type",),
        body(lambda content: gzip.compress(content, mtime=0)),
    ),
    Defect(
        "cut-answer",
        "an answer ends early, with the length to match",
        MODELS,
        RESPONSE,
        ("body:content type",),
        body(lambda content: content[:-20]),
    ),
    Defect(
        "empty-answer", "an answer without its body", USERS, RESPONSE, ("body missing",), body(lambda _content: b"")
    ),
    Defect(
        "debug-member",
        "an internal address leaks into a body",
        ME,
        RESPONSE,
        ("body:$.upstream extra",),
        document(lambda me: {**me, "upstream": "10.1.0.1:8000"}),
    ),
)
