"""Authorisation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.authorise import Rights, authorise
from gateway.caller import ANONYMOUS, Caller
from gateway.core.exchange import Request
from gateway.core.table import Matched
from gateway.problem import Forbidden
from gateway.transport.pool import Pool
from tests.apps.table import route, settings, table

CALLER = Caller("jwt", "user-1", "org-1")
BODY = route("b", "compute", "POST /a", "POST /a", scope=("body.org_id",))
QUERY = route("q", "compute", "GET /a", "GET /a", scope=("query.org_id",))
PATH = route("p", "compute", "GET /a/{org}", "GET /a/{org}", scope=("path.org",))


async def ask(
    item: object, target: str = "/a", body: bytes = b"", caller: Caller = CALLER, **parameters: str
) -> None:
    """Authorise a request on a route."""
    assert isinstance(item, type(BODY))
    assert item.gateway is not None
    known = table("http://127.0.0.1:9", item)
    matched = Matched(item, item.gateway, parameters)
    await authorise(Rights(settings(), Pool()), known, matched, caller, Request("GET", target, body=body))


async def test_own_organisation_passes_wherever_it_stands() -> None:
    """Body, query and path may name the caller's organisation, encoded or not."""
    await ask(BODY, body=b'{"a": {"org_id": "org-2"}, "org_id": "org-1"}')
    await ask(QUERY, "/a?x=1&org_id=org%2D1")
    await ask(PATH, org="org%2d1")
    await ask(replace(QUERY, scope=()))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"null",
        b"{}",
        b'{"org_id": null}',
        b'{"org_id": ["org-1"]}',
        b'{"org_id": "org-2"}',
        b'{"org_id": "org-2", "org_id": "org-1"}',
        b'{"org_id": "org-1", "org_id": "org-2"}',
        b"[" * 100000,
    ],
)
async def test_body_that_does_not_name_it_once_and_only_is_refused(body: bytes) -> None:
    """Foreign, absent, doubled and unreadable are all refused."""
    with pytest.raises(Forbidden):
        await ask(BODY, body=body)


@pytest.mark.parametrize(
    "target", ["/a", "/a?org_id=org-2", "/a?org_id=org-1&org_id=org-2", "/a?org_id", "/a?Org_id=org-1"]
)
async def test_query_that_does_not_name_it_only_is_refused(target: str) -> None:
    """A query that names another organisation too, or none, is refused."""
    with pytest.raises(Forbidden):
        await ask(QUERY, target)


@pytest.mark.parametrize("caller", [ANONYMOUS, Caller("jwt", "user-1", ""), Caller("api-key", "fp:1")])
async def test_caller_without_organisation_is_refused(caller: Caller) -> None:
    """Who has no organisation owns nothing, not even the empty one."""
    with pytest.raises(Forbidden):
        await ask(QUERY, "/a?org_id=", caller=caller)
