"""Authorisation as a whole: permission, places, owners."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.authorise import Rights, authorise, settled
from gateway.caller import ANONYMOUS, Caller
from gateway.core.exchange import Request
from gateway.core.mark import DRY_RUN, READ, TRIAL, Mark
from gateway.core.permissions import AUTHENTICATED, Permissions
from gateway.core.routes import Lookup
from gateway.core.table import Matched
from gateway.problem import Forbidden, Hidden
from gateway.transport.pool import Pool
from tests.apps.echo import respond, upstream
from tests.apps.table import place, route, settings, table

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen, Upstream

CALLER = Caller("jwt", "user-1", "org-1", ("member",))
BODY = route("b", "compute", "POST /a", "POST /a", scope=("body.org_id",))
QUERY = route("q", "compute", "GET /a", "GET /a", scope=("query.org_id",))
PATH = route("p", "compute", "GET /a/{org}", "GET /a/{org}", scope=("path.org",))
ROLES = Permissions({"admin": ("*",), "member": ("thing:read",)})


async def ask(item: Route, target: str = "/a", body: bytes = b"", caller: Caller = CALLER, **parameters: str) -> None:
    """Authorise a request on a route."""
    assert item.gateway is not None
    known = table("http://127.0.0.1:9", item, permissions=ROLES)
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


async def test_ones_own_id_is_ones_own() -> None:
    """Nobody acts in another's name, and nobody in no name."""
    item = replace(BODY, scope=(), own=(place("body.owner_id"),))
    await ask(item, body=b'{"owner_id": "user-1"}')
    for body in (b'{"owner_id": "user-2"}', b"{}", b'{"owner_id": null}'):
        with pytest.raises(Forbidden) as refused:
            await ask(item, body=body)
        assert (refused.value.reason, refused.value.failed) == ("scope", "body.owner_id")


async def test_roles_must_grant_the_permission() -> None:
    """The detail is the platform's own; the audit learns which permission it was."""
    item = replace(QUERY, scope=(), permission="thing:write")
    with pytest.raises(Forbidden) as refused:
        await ask(item)
    assert refused.value.detail == "Permission denied: thing:write required"
    assert (refused.value.reason, refused.value.failed) == ("permission", "thing:write")
    await ask(item, caller=replace(CALLER, roles=("member", "admin")))
    await ask(replace(item, permission="thing:read"))
    await ask(replace(item, permission=AUTHENTICATED), caller=replace(CALLER, roles=("stranger",)))
    for roles in ((), ("stranger",)):
        with pytest.raises(Forbidden):
            await ask(replace(item, permission="thing:read"), caller=replace(CALLER, roles=roles))


async def test_the_permission_is_asked_first() -> None:
    """Who may not at all is not told about organisations."""
    with pytest.raises(Forbidden) as refused:
        await ask(replace(QUERY, permission="thing:write"))
    assert refused.value.reason == "permission"


OWNER = Lookup("things.get", ("org_id",), place("path.id"), spare=("none",))
LIST = Lookup("things.list", ("id",), place("path.id"), member=True)
WRITE = replace(route("things.end", "compute", "POST /end/{id}", "POST /things/{id}/end"), lookups=(OWNER,))
OWNED = {"mine": "org-1", "theirs": "org-2"}


@asynccontextmanager
async def owned() -> AsyncIterator[tuple[Callable[..., Any], Rights, RouteTable, Upstream]]:
    """A way to ask for an id on a route, over a service in which things have owners."""

    async def behave(seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if seen.target.startswith("/list/"):
            mine = [{"id": name} for name, owner in OWNED.items() if seen.target.endswith(owner)]
            return await respond(writer, 200, json.dumps(mine).encode())
        found = OWNED.get(seen.target.rpartition("/")[2])
        return await respond(writer, 200 if found else 404, json.dumps({"org_id": found}).encode())

    async with upstream(behave) as at:
        known = table(
            at.address,
            route("things.get", "compute", "GET /thing/{id}", "GET /things/{id}"),
            route("things.list", "compute", "GET /list/{org}", "GET /things", scope=("query.org",),
                  moves=[("path.org", "query.org")]),
            WRITE,
        )  # fmt: skip
        rights = Rights(settings(), Pool())

        async def ask_for(identity: str, item: Route = WRITE, mark: str = "", caller: Caller = CALLER) -> None:
            assert item.gateway is not None
            matched = Matched(item, item.gateway, {"id": identity} if identity else {})
            signed = Mark(mark, "n", 0.0) if mark else None
            await authorise(rights, known, matched, caller, Request("POST", "/things/x/end"), signed)

        try:
            yield ask_for, rights, known, at
        finally:
            rights.close()


@pytest.mark.parametrize("lookup", [OWNER, LIST])
async def test_only_ones_own_is_reached(lookup: Lookup) -> None:
    """What is another's and what is not there is the same 404, and the audit learns what was asked."""
    async with owned() as (ask_for, *_):
        item = replace(WRITE, lookups=(lookup,))
        await ask_for("mine", item)
        said = []
        for identity in ("theirs", "nobodys"):
            with pytest.raises(Hidden) as refused:
                await ask_for(identity, item)
            said.append(refused.value.body("id"))
            assert refused.value.failed == f"path.id by {lookup.route}"
        assert said[0] == said[1]


async def test_what_names_nothing_owned_passes() -> None:
    """As the route declares it; it is not even asked for."""
    async with owned() as (ask_for, _, _, at):
        await ask_for("none")
        assert at.seen == []


async def test_an_absent_id_or_organisation_is_refused() -> None:
    """As is one that no id is as long as."""
    async with owned() as (ask_for, _, _, at):
        with pytest.raises(Forbidden):
            await ask_for("")
        with pytest.raises(Forbidden):
            await ask_for("mine", caller=replace(CALLER, organisation=""))
        with pytest.raises(Hidden):
            await ask_for("x" * 513)
        assert at.seen == []


async def test_a_ticket_stands_for_what_was_checked_before() -> None:
    """Its holder is asked for no role, and nothing is looked up again; places are."""
    holder = Caller("ticket", "user-1", "org-1")
    async with owned() as (ask_for, _, _, at):
        await ask_for("theirs", replace(WRITE, permission="thing:write"), caller=holder)
        assert at.seen == []
        with pytest.raises(Forbidden):
            await ask_for("theirs", replace(WRITE, scope=(place("query.org"),)), caller=holder)


@pytest.mark.parametrize(
    ("mark", "lookup", "identity", "passes"),
    [
        (DRY_RUN, OWNER, "gone", True),
        (DRY_RUN, LIST, "gone", True),
        (DRY_RUN, OWNER, "theirs", False),
        (TRIAL, OWNER, "gone", False),
        (TRIAL, LIST, "gone", False),
        (READ, OWNER, "gone", False),
        (READ, LIST, "gone", False),
    ],
)
async def test_a_copy_of_a_delete_comes_too_late(mark: str, lookup: Lookup, identity: str, passes: bool) -> None:  # noqa: FBT001 - a table of cases
    """Legacy has deleted it by then; what is known to be another's stays refused, and a trial is judged as a call."""
    async with owned() as (ask_for, *_):
        item = replace(WRITE, lookups=(lookup,))
        if passes:
            await ask_for(identity, item, mark)
        else:
            with pytest.raises(Hidden):
                await ask_for(identity, item, mark)


async def test_copies_remember_for_themselves() -> None:
    """What a copy learned decides about no call."""
    async with owned() as (ask_for, _, _, at):
        await ask_for("mine", mark=READ)
        await ask_for("mine", mark=READ)
        assert len(at.seen) == 1
        await ask_for("mine")
        assert len(at.seen) == 2


@pytest.mark.parametrize(
    ("status", "effect", "asked"),
    [(200, "POST", 2), (204, "POST", 2), (400, "POST", 1), (500, "POST", 1), (200, "GET", 1)],
)
async def test_after_a_write_owners_are_asked_for_again(status: int, effect: str, asked: int) -> None:
    """Only after one that went through."""
    item = WRITE if effect == "POST" else route("things.get", "compute", "GET /thing/{id}", "GET /things/{id}")
    async with owned() as (ask_for, rights, known, at):
        await ask_for("mine")
        assert item.gateway is not None
        matched = Matched(item, item.gateway, {"id": "mine"})
        settled(rights, known, matched, CALLER, Request(effect, "/things/mine"), status)
        await ask_for("mine")
        assert len(at.seen) == asked


async def test_a_transparent_call_waits_for_nobody() -> None:
    """What is not known yet passes; what is known is told, so that it is counted."""
    async with owned() as (_, rights, known, at):
        assert WRITE.gateway is not None
        matched = Matched(WRITE, WRITE.gateway, {"id": "theirs"})
        request = Request("POST", "/things/theirs/end")
        await authorise(rights, known, matched, CALLER, request, wait=False)
        with pytest.raises(Hidden):
            await authorise(rights, known, matched, CALLER, request)
        with pytest.raises(Hidden):
            await authorise(rights, known, matched, CALLER, request, wait=False)
        assert len(at.seen) == 1
