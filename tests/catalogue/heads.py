"""Defects of an answer's head: headers, caching, cookies, redirects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.answer import Answer
from tests.apps.faulty_gateway import incoming, without
from tests.catalogue.answers import NOTES, USERS
from tests.catalogue.defect import RESPONSE, Defect, answering, headed, valued, with_body
from tests.catalogue.rig import Asked

MOVED = Asked("notes", "GET", "/moved")


def _followed(answer: Answer) -> Answer:
    return with_body(Answer(200, without(answer.headers, "location")), b"[]")


async def _untouched(upstream: Any, answer: Answer) -> Answer:
    location = next(value for name, value in upstream.headers if name.lower() == "location")
    return replace(answer, headers=(*without(answer.headers, "location"), ("location", location)))


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "wrong-charset",
        "a text is labelled with another charset",
        Asked("notes", "GET", "/text"),
        RESPONSE,
        ("header:content-type changed",),
        valued("content-type", lambda _value: "text/plain; charset=latin-1"),
    ),
    Defect(
        "wrong-type",
        "JSON is labelled as text",
        USERS,
        RESPONSE,
        ("header:content-type changed", "body:content type"),
        valued("content-type", lambda _value: "text/plain"),
    ),
    Defect(
        "dropped-header",
        "a header that clients read is gone",
        NOTES,
        RESPONSE,
        ("header:x-total-count missing",),
        headed(lambda headers: without(headers, "x-total-count")),
    ),
    Defect(
        "changed-header",
        "a header says something else",
        NOTES,
        RESPONSE,
        ("header:x-total-count changed",),
        valued("x-total-count", lambda _value: "2"),
    ),
    Defect(
        "internal-header",
        "a header of the inner platform leaks",
        USERS,
        RESPONSE,
        ("header:x-upstream-addr extra",),
        headed(lambda headers: (*headers, ("X-Upstream-Addr", "10.1.0.1:8000"))),
    ),
    Defect(
        "cache-header-added",
        "an answer may be kept by anybody",
        USERS,
        RESPONSE,
        ("header:cache-control extra (caching)",),
        headed(lambda headers: (*headers, ("Cache-Control", "public, max-age=300"))),
    ),
    Defect(
        "cache-header-widened",
        "a private answer becomes public",
        NOTES,
        RESPONSE,
        ("header:cache-control changed (caching)",),
        valued("cache-control", lambda _value: "public, max-age=60"),
    ),
    Defect(
        "lost-validator",
        "an ETag is gone: no more 304",
        NOTES,
        RESPONSE,
        ("header:etag missing (caching)",),
        headed(lambda headers: without(headers, "etag")),
    ),
    Defect(
        "weakened-validator",
        "an ETag is another one",
        NOTES,
        RESPONSE,
        ("header:etag changed (caching)",),
        valued("etag", lambda value: f"W/{value}"),
    ),
    Defect(
        "cookie-lost",
        "a cookie is not set",
        NOTES,
        RESPONSE,
        ("cookie:theme missing (cookie-scope)",),
        valued("set-cookie", lambda value: None if value.startswith("theme") else value),
    ),
    Defect(
        "cookie-widened",
        "a cookie goes to the whole domain",
        NOTES,
        RESPONSE,
        ("cookie:sid.domain extra (cookie-scope)",),
        valued("set-cookie", lambda value: f"{value}; Domain=example.com" if value.startswith("sid") else value),
    ),
    Defect(
        "cookie-path",
        "a cookie goes to every path",
        NOTES,
        RESPONSE,
        ("cookie:sid.path changed (cookie-scope)",),
        valued("set-cookie", lambda value: value.replace("Path=/notes", "Path=/")),
    ),
    Defect(
        "cookie-flags",
        "a cookie can be read by scripts and sent from anywhere",
        NOTES,
        RESPONSE,
        ("cookie:sid.httponly missing (cookie-scope)", "cookie:sid.samesite missing (cookie-scope)"),
        valued("set-cookie", lambda value: value.replace("; HttpOnly; SameSite=Strict", "")),
    ),
    Defect(
        "redirect-leaving",
        "a redirect leads to the service itself",
        Asked("notes", "GET", "/moved"),
        RESPONSE,
        ("header:location changed (location-leaves)",),
        lambda: incoming(_untouched),
    ),
    Defect(
        "redirect-followed",
        "the gateway follows a redirect itself",
        Asked("notes", "GET", "/moved"),
        RESPONSE,
        ("status:307→200 changed",),
        answering(_followed),
    ),
    Defect(
        "redirect-lost",
        "a redirect says no place",
        Asked("notes", "GET", "/moved"),
        RESPONSE,
        ("header:location missing (location-leaves)",),
        headed(lambda headers: without(headers, "location")),
    ),
)
