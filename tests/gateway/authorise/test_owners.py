"""Whose something is, from a service that knows, lies, hangs or is away."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authorise import owners as owners_module
from gateway.authorise.owners import KEEP, KEEP_ABSENT, Owners, Question, target_of, texts_at
from gateway.caller import Caller
from gateway.core.routes import Lookup
from gateway.metrics import Metrics
from gateway.problem import Forbidden, Unavailable
from gateway.transport.pool import Pool
from tests.apps.clock import Clock
from tests.apps.echo import respond, upstream
from tests.apps.table import place, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen, Upstream

OWNER = Lookup("things.get", ("org_id",), place("path.id"))
LIST = Lookup("pools.list", ("pools", "pool_id"), place("path.id"), member=True)
KEYS = Lookup("keys.list", ("id",), place("path.id"), member=True, page=2)
ME = Caller("jwt", "user-1", "org-1", ("member",))
OTHER = Caller("jwt", "user-2", "org-2", ("member",))


@dataclass
class Known:
    """Owners, asked of a service that answers as `answers` says by target: status and document."""

    owners: Owners
    table: RouteTable
    clock: Clock
    metrics: Metrics
    upstream: Upstream
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def own(self, value: str, lookup: Lookup = OWNER, caller: Caller = ME, credential: str = "") -> bool:
        """Whether the value is the caller's."""
        question = Question(lookup, value, caller, credential)
        return question.own(await self.owners.found(self.table, question))

    @property
    def targets(self) -> list[str]:
        """What the service was asked."""
        return [seen.target for seen in self.upstream.seen]

    async def behave(self, seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer as set; what is not set is not there."""
        self.asked.set()
        await self.hold.wait()
        status, document = self.answers.get(seen.target, (404, {"detail": "Not Found"}))
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return await respond(writer, status, body)


def routes(address: str) -> RouteTable:
    """A route that tells an owner, one that lists by organisation, and one whose service knows the caller."""
    return table(
        address,
        route("things.get", "compute", "GET /thing/{id}", "GET /api/things/{id}"),
        replace(route("things.end", "compute", "POST /end/{id}", "POST /api/things/{id}/end"), lookups=(OWNER,)),
        route("pools.list", "compute", "GET /pools/{owner}", "GET /api/pools", scope=("query.owner",),
              moves=[("path.owner", "query.owner")]),
        replace(route("pools.end", "compute", "DELETE /pool/{id}", "DELETE /api/pools/{id}"), lookups=(LIST,)),
        route("keys.list", "front", "GET /keys", "GET /api/keys"),
        replace(route("keys.end", "front", "DELETE /keys/{id}", "DELETE /api/keys/{id}"), lookups=(KEYS,)),
        route("health", "compute", "GET /thing/health", "GET /api/health"),
    )  # fmt: skip


@asynccontextmanager
async def known() -> AsyncIterator[Known]:
    """Owners over a service that knows nothing yet, with a clock that stands."""
    async with upstream() as at:
        clock, metrics = Clock(), Metrics()
        state = Known(Owners(settings(), Pool(), metrics, clock), routes(at.address), clock, metrics, at)
        state.hold.set()
        at.behave = state.behave
        try:
            yield state
        finally:
            state.owners.close()


async def test_the_owner_is_read_and_remembered() -> None:
    """One question serves every organisation, and is asked again when the answer is old."""
    async with known() as at:
        at.answers["/thing/a%20b"] = (200, {"org_id": "org-1"})
        assert await at.own("a b")
        assert not await at.own("a b", caller=OTHER)
        assert at.targets == ["/thing/a%20b"]
        at.clock.now += KEEP
        assert await at.own("a b")
        assert len(at.targets) == 2
        assert at.metrics.value("cutover_scope_lookups_total", route="things.get", result="asked") == 2
        assert at.metrics.value("cutover_scope_lookups_total", result="remembered") == 1


async def test_what_is_not_there_is_believed_for_a_moment() -> None:
    """Long enough for a flood, too short for somebody who has just made it."""
    async with known() as at:
        assert not await at.own("x")
        at.answers["/thing/x"] = (200, {"org_id": "org-1"})
        at.clock.now += KEEP_ABSENT / 2
        assert not await at.own("x")
        at.clock.now += KEEP_ABSENT / 2
        assert await at.own("x")
        assert len(at.targets) == 2


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"org_id": None},
        {"org_id": ""},
        {"org_id": 1},
        {"org_id": ["org-1", "org-2"]},
        {"owner": {"org_id": "org-1"}},
        [],
        [{"org_id": "org-2"}, {"org_id": "org-1"}],
        "org-1",
        None,
    ],
    ids=str,
)
async def test_only_one_owner_is_an_owner(document: Any) -> None:
    """What belongs to nobody, or to several, is not the caller's."""
    async with known() as at:
        at.answers["/thing/x"] = (200, document)
        assert not await at.own("x")


@pytest.mark.parametrize(
    "answer",
    [
        (500, None),
        (200, b"{"),
        (200, b""),
        (204, b""),
        (302, None),
        (200, b"[" * 100_000),
        (200, b'"' + b"x" * 2_000_000),
    ],
    ids=lambda answer: f"{answer[0]} {str(answer[1])[:10]}",
)
async def test_what_cannot_be_learned_lets_nobody_in(answer: tuple[int, Any]) -> None:
    """Garbage, errors, redirects and answers too long; nothing of it is remembered."""
    async with known() as at:
        at.answers["/thing/x"] = answer
        with pytest.raises(Unavailable) as refused:
            await at.own("x")
        assert (refused.value.status, refused.value.headers) == (503, (("retry-after", "1"),))
        at.answers["/thing/x"] = (200, {"org_id": "org-1"})
        assert await at.own("x")


async def test_a_service_that_is_away_lets_nobody_in() -> None:
    """The reason is for metrics; the address is nobody's business."""
    async with known() as at:
        away = routes("http://127.0.0.1:9")
        with pytest.raises(Unavailable) as refused:
            await at.owners.found(away, Question(OWNER, "x", ME, ""))
        assert "127.0.0.1" not in refused.value.detail
        assert at.metrics.value("cutover_scope_lookups_total", result="unknown") == 1


async def test_a_list_is_that_of_the_callers_organisation() -> None:
    """Asked for by it, and remembered for all ids at once."""
    async with known() as at:
        at.answers["/pools/org-1"] = (200, {"pools": [{"pool_id": "a"}, {"pool_id": "b"}, {"pool_id": 7}, {}]})
        at.answers["/pools/org-2"] = (200, {"pools": []})
        assert [await at.own(value, LIST) for value in ("a", "b", "a")] == [True, True, True]
        assert not await at.own("a", LIST, OTHER)
        assert at.targets == ["/pools/org-1", "/pools/org-2"]


async def test_an_id_that_a_list_lacks_is_looked_for_again() -> None:
    """It may have been made by another gateway, or on the legacy path."""
    async with known() as at:
        at.answers["/pools/org-1"] = (200, {"pools": [{"pool_id": "a"}]})
        assert not await at.own("new", LIST)
        at.answers["/pools/org-1"] = (200, {"pools": [{"pool_id": "a"}, {"pool_id": "new"}]})
        assert not await at.own("new", LIST)
        at.clock.now += KEEP_ABSENT
        assert await at.own("new", LIST)
        assert len(at.targets) == 2


async def test_a_service_that_knows_the_caller_is_shown_the_token() -> None:
    """Its list is looked through page by page, and is this caller's alone."""
    async with known() as at:
        at.answers["/keys?skip=0&limit=2"] = (200, [{"id": "a"}, {"id": "b"}])
        at.answers["/keys?skip=2&limit=2"] = (200, [{"id": "c"}])
        assert await at.own("c", KEYS, credential="Bearer t")
        assert [seen.values("authorization") for seen in at.upstream.seen] == [["Bearer t"]] * 2
        assert await at.own("a", KEYS, credential="Bearer t")
        assert len(at.targets) == 2
        await at.own("a", KEYS, replace(ME, subject="user-9"), "Bearer u")
        await at.own("a", KEYS, replace(ME, roles=("admin",)), "Bearer v")
        assert len(at.targets) == 6


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_not_see_the_list_may_not_act_on_it(status: int) -> None:
    """The service's refusal is the caller's."""
    async with known() as at:
        at.answers["/keys?skip=0&limit=2"] = (status, None)
        with pytest.raises(Forbidden):
            await at.own("a", KEYS, credential="Bearer t")


async def test_many_requests_are_one_question() -> None:
    """Who leaves takes it from nobody."""
    async with known() as at:
        at.answers["/thing/x"] = (200, {"org_id": "org-1"})
        at.hold.clear()
        waiting = [asyncio.create_task(at.own("x")) for _ in range(20)]
        await at.asked.wait()
        waiting.pop(0).cancel()
        at.hold.set()
        assert await asyncio.gather(*waiting) == [True] * 19
        assert at.targets == ["/thing/x"]


async def test_made_up_ids_cannot_flood_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of questions at a time callers are refused; later they are not."""
    monkeypatch.setattr(owners_module, "AT_ONCE", 3)
    async with known() as at:
        at.hold.clear()
        waiting = [asyncio.create_task(at.own(f"x{number}")) for number in range(3)]
        await at.asked.wait()
        with pytest.raises(Unavailable) as refused:
            await at.own("one more")
        assert refused.value.reason == "scope-busy"
        at.hold.set()
        assert await asyncio.gather(*waiting) == [False] * 3
        assert not await at.own("one more")


async def test_a_write_of_ones_own_is_seen_at_once() -> None:
    """What it may have made, changed or deleted is asked for again; what others have is not."""
    async with known() as at:
        at.answers |= {"/thing/x": (200, {"org_id": "org-1"}), "/thing/y": (200, {"org_id": "org-1"})}
        at.answers["/pools/org-1"] = (200, {"pools": []})
        assert (await at.own("x"), await at.own("y"), await at.own("new", LIST)) == (True, True, False)
        at.answers["/pools/org-1"] = (200, {"pools": [{"pool_id": "new"}]})
        at.owners.forget(at.table, ME, "Bearer t", ("x",))
        assert (await at.own("x"), await at.own("y"), await at.own("new", LIST)) == (True, True, True)
        assert at.targets == ["/thing/x", "/thing/y", "/pools/org-1", "/thing/x", "/pools/org-1"]


async def test_a_question_from_before_a_write_is_not_believed_after_it() -> None:
    """An answer on its way while its object was deleted is not remembered, and nobody who comes later gets it."""
    async with known() as at:
        at.answers["/thing/a"] = (200, {"org_id": "org-1"})
        at.hold.clear()
        early = asyncio.create_task(at.own("a"))
        await at.asked.wait()
        at.asked.clear()
        at.owners.forget(at.table, ME, "", ("a",))
        late = asyncio.create_task(at.own("a"))
        await at.asked.wait()
        assert len(at.targets) == 2
        at.owners.forget(at.table, ME, "", ("a",))
        at.hold.set()
        assert (await early, await late) == (True, True)
        at.answers["/thing/a"] = (200, {"org_id": "org-2"})
        assert not await at.own("a")


async def test_a_creation_forgets_the_lists_too() -> None:
    """It names no id yet."""
    async with known() as at:
        at.answers["/keys?skip=0&limit=2"] = (200, [])
        assert not await at.own("new", KEYS, credential="Bearer t")
        at.answers["/keys?skip=0&limit=2"] = (200, [{"id": "new"}])
        at.owners.forget(at.table, ME, "Bearer t", ())
        assert await at.own("new", KEYS, credential="Bearer t")


@pytest.mark.parametrize("value", ["health", "..", ".", "a/../../b", "\x00", "\ud800"])
async def test_an_id_that_leads_elsewhere_names_nothing(value: str) -> None:
    """No other route of the service is asked under the name of this one."""
    async with known() as at:
        at.answers |= dict.fromkeys(("/thing/health", "/thing/..", "/thing/."), (200, {"org_id": "org-1"}))
        assert not await at.own(value)
        assert at.targets == [] or all(target.startswith("/thing/") for target in at.targets)
        assert "/thing/health" not in at.targets


@given(st.text(max_size=12))
def test_every_value_stays_one_segment(value: str) -> None:
    """Whatever it holds, it cannot add to the path or begin a query."""
    at = routes("http://127.0.0.1:1")
    try:
        target = target_of(at, Question(OWNER, value, ME, ""))
    except owners_module._GoneError:
        return
    assert target.startswith("/thing/")
    assert target.count("/") == 2
    assert not set("?#") & set(target)


@pytest.mark.parametrize(
    ("document", "path", "found"),
    [
        ({"a": {"b": "x"}}, ("a", "b"), ["x"]),
        ({"a": [{"b": "x"}, {"c": "y"}, {"b": "z"}]}, ("a", "b"), ["x", "z"]),
        ([{"id": "x"}, "y", None, [{"id": "no"}]], ("id",), ["x"]),
        ({"a": ["x", "y", 1]}, ("a",), ["x", "y"]),
        ({"a": {"b": {"c": 1}}}, ("a", "b"), []),
        ("x", ("a",), []),
    ],
)
def test_a_path_leads_through_lists(document: Any, path: tuple[str, ...], found: list[str]) -> None:
    """Only texts are found."""
    assert texts_at(document, path) == found


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_no_document_breaks_the_reader(document: Any) -> None:
    """It finds texts or nothing."""
    assert all(isinstance(found, str) and found for found in texts_at(document, ("a", "b")))


async def test_who_does_not_wait_learns_what_is_remembered() -> None:
    """What is not is asked for all the same, for whoever comes next; a flood asks no more."""
    async with known() as at:
        at.answers["/thing/x"] = (200, {"org_id": "org-1"})
        question = Question(OWNER, "x", ME, "")
        assert at.owners.remembered(at.table, question) is None
        assert await at.own("x")
        assert at.owners.remembered(at.table, question) == {"org-1"}
        assert at.targets == ["/thing/x"]
