"""Asking the platform about API keys, over real connections, and at the stand-in platform itself."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.ask import Reply
from gateway.authenticate.introspection import MOST_AT_ONCE, Introspection, Verdict, judged
from gateway.caller import Caller
from gateway.core.credentials import ApiKeys, Introspect
from gateway.core.subject import fingerprint
from gateway.problem import Unauthenticated, Unavailable
from gateway.transport.pool import Pool
from migrate.demo.platform.launch import running as platform_running
from tests.apps.echo import respond, upstream
from tests.apps.table import INTERNAL_KEY, service, settings
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.core.routes import Service
    from migrate.demo.platform.launch import Platform
    from tests.apps.echo import Seen, Upstream

QUESTION = Introspect("front", "GET", "/internal/models?limit=1")


class Asking:
    """An introspection whose clock stands until it is moved."""

    def __init__(self, at: Service, **changes: Any) -> None:
        self.now = 1_000.0
        self.pool = Pool()
        self.settings = settings(**changes)
        self.asked = Introspection(self.settings, self.pool, lambda: self.now)
        self.at = at
        self.keys = ApiKeys(QUESTION, keep=10.0, keep_refused=5.0)

    async def holder(self, key: str, *, wait: bool = True) -> Caller:
        """The holder of a key, as a route asks for it."""
        digest = self.asked.digest(self.keys, self.at, f"Bearer {key}")
        known = self.asked.known(digest)
        return known or await self.asked.holder(self.keys, self.at, key, digest, wait=wait)

    async def outcome(self, key: str, *, wait: bool = True) -> str:
        """`holds`, or the reason why not."""
        try:
            caller = await self.holder(key, wait=wait)
        except (Unauthenticated, Unavailable) as refusal:
            return refusal.reason
        assert caller.subject == fingerprint(self.settings.fingerprint_key, key)
        assert caller.verified
        return "holds"


class Platform_:  # noqa: N801 - the stand-in has the name
    """A platform that knows `good` keys; set `status` to misbehave, `gate` to let it hang."""

    def __init__(self, server: Upstream) -> None:
        self.server = server
        self.good = {"sk-good"}
        self.status, self.body, self.headers = 0, b'{"org_id": "org-1"}', list[tuple[str, str]]()
        self.gate = asyncio.Event()
        self.gate.set()
        server.behave = self._answer

    async def _answer(self, seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await self.gate.wait()
        key = seen.values("authorization")[0].removeprefix("Bearer ")
        status = self.status or (200 if key in self.good else 401)
        return await respond(writer, status, self.body, self.headers)


@asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[tuple[Asking, Platform_]]:
    """An introspection and the platform it asks."""
    async with upstream() as server:
        one = Asking(service("front", server.address, **options))
        try:
            yield one, Platform_(server)
        finally:
            one.asked.close()
            one.pool.close()


async def test_the_question_carries_the_key_and_the_gateways_own() -> None:
    """Each key has an allowance of its own at the platform, by its fingerprint; the organisation is known."""
    async with asking() as (one, platform):
        caller = await one.holder("sk-good")
        assert caller == Caller("api-key", caller.subject, "org-1", checked=True)
        seen = platform.server.seen[0]
        assert (seen.method, seen.target) == ("GET", "/internal/models?limit=1")
        assert seen.values("authorization") == ["Bearer sk-good"]
        assert seen.values("x-internal-api-key") == [INTERNAL_KEY]
        assert seen.values("x-user-id") == [caller.subject]


async def test_a_service_without_internal_key_gets_none() -> None:
    """And a POST without a body says so."""
    async with asking(internal_key=False) as (one, platform):
        one.keys = ApiKeys(Introspect("front", "POST", "/introspect"))
        assert await one.outcome("sk-good") == "holds"
        seen = platform.server.seen[0]
        assert (seen.method, seen.values("x-internal-api-key"), seen.values("content-length")) == ("POST", [], ["0"])


async def test_answers_are_kept_briefly() -> None:
    """A key that holds is asked about again after `keep`, a refused one after `keep_refused`."""
    async with asking() as (one, platform):
        for _ in range(5):
            assert (await one.outcome("sk-good"), await one.outcome("sk-bad")) == ("holds", "refused")
        assert len(platform.server.seen) == 2
        one.now += 5
        assert (await one.outcome("sk-good"), await one.outcome("sk-bad")) == ("holds", "refused")
        assert len(platform.server.seen) == 3
        one.now += 5
        await one.outcome("sk-good")
        assert len(platform.server.seen) == 4


async def test_a_revoked_key_stops_within_keep() -> None:
    """Counted from the moment the question was asked, not from its answer."""
    async with asking() as (one, platform):
        platform.gate.clear()
        first = asyncio.create_task(one.outcome("sk-good"))
        await eventually(lambda: len(platform.server.seen) == 1)
        one.now += 1.5
        platform.gate.set()
        assert await first == "holds"
        platform.good.clear()
        one.now += 8.4
        assert await one.outcome("sk-good") == "holds"
        one.now += 0.1
        assert await one.outcome("sk-good") == "refused"


async def test_a_new_key_works_after_keep_refused() -> None:
    """A refusal is no sentence."""
    async with asking() as (one, platform):
        assert await one.outcome("sk-new") == "refused"
        platform.good.add("sk-new")
        assert await one.outcome("sk-new") == "refused"
        one.now += 5
        assert await one.outcome("sk-new") == "holds"


async def test_one_question_at_a_time_about_one_key() -> None:
    """Many requests with one key make one question, also when who asked first has gone."""
    async with asking() as (one, platform):
        platform.gate.clear()
        waiting = [asyncio.create_task(one.outcome("sk-good")) for _ in range(20)]
        await eventually(lambda: len(platform.server.seen) == 1)
        waiting[0].cancel()
        platform.gate.set()
        assert set(await asyncio.gather(*waiting[1:])) == {"holds"}
        assert len(platform.server.seen) == 1


async def test_a_flood_of_keys_is_no_flood_of_questions() -> None:
    """More than so many at once are 503, and keys that hold are not pushed out."""
    async with asking() as (one, platform):
        await one.outcome("sk-good")
        platform.gate.clear()
        flood = [asyncio.create_task(one.outcome(f"sk-{number}")) for number in range(MOST_AT_ONCE * 2)]
        await eventually(lambda: len(platform.server.seen) == MOST_AT_ONCE + 1)
        assert await one.outcome("sk-good") == "holds"
        platform.gate.set()
        told = await asyncio.gather(*flood)
        assert told.count("refused") == MOST_AT_ONCE
        assert told.count("introspection-away") == MOST_AT_ONCE


@pytest.mark.parametrize("status", [204, 301, 403, 404, 422, 429, 500, 503])
async def test_what_says_nothing_of_the_key_is_503(status: int) -> None:
    """500 and 403 are about the gateway's own key: never 401, which would tell a client that its key is bad."""
    async with asking() as (one, platform):
        platform.status, platform.body = status, b""
        with pytest.raises(Unavailable) as refused:
            await one.holder("sk-good")
        assert refused.value.status == 503
        assert dict(refused.value.headers)["retry-after"] == "1"
        assert await one.outcome("sk-good") == "introspection-away"
        assert len(platform.server.seen) == 1
        platform.status, platform.body = 0, b"{}"
        one.now += 1
        assert await one.outcome("sk-good") == "holds"


async def test_a_platform_that_limits_is_left_alone() -> None:
    """Retry-After is passed on and heeded, up to a minute."""
    async with asking() as (one, platform):
        platform.status, platform.headers = 429, [("Retry-After", "30")]
        with pytest.raises(Unavailable) as refused:
            await one.holder("sk-good")
        assert dict(refused.value.headers)["retry-after"] == "30"
        platform.status = 0
        one.now += 29
        assert await one.outcome("sk-good") == "introspection-away"
        one.now += 1
        assert await one.outcome("sk-good") == "holds"


async def test_a_platform_that_is_away_is_503() -> None:
    """Nobody listens, or nobody answers: fail closed."""
    assert await Asking(service("front", "http://127.0.0.1:9")).outcome("sk-good") == "introspection-away"
    async with asking() as (one, platform):
        platform.gate.clear()
        async with asyncio.timeout(5):
            assert await one.outcome("sk-good") == "introspection-away"
        platform.gate.set()


async def test_who_does_not_wait_is_told_so() -> None:
    """A transparent call waits for nobody; its question is asked for the next one."""
    async with asking() as (one, platform):
        assert await one.outcome("sk-good", wait=False) == "unchecked"
        assert await one.outcome("sk-good") == "holds"
        assert await one.outcome("sk-good", wait=False) == "holds"
        assert len(platform.server.seen) == 1


async def test_another_question_forgets_the_answers() -> None:
    """After a reload that asks elsewhere, or otherwise, no former answer counts, not even one under way."""
    async with asking() as (one, platform):
        platform.gate.clear()
        late = asyncio.create_task(one.outcome("sk-good"))
        await eventually(lambda: len(platform.server.seen) == 1)
        one.keys = ApiKeys(Introspect("front", "GET", "/other"))
        platform.gate.set()
        assert await one.outcome("sk-good") == "holds"
        assert await late == "holds"
        assert [seen.target for seen in platform.server.seen] == ["/internal/models?limit=1", "/other"]
        one.keys = ApiKeys(Introspect("front", "GET", "/other"))
        assert await one.outcome("sk-good") == "holds"
        assert len(platform.server.seen) == 2


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"{}", "holds"),
        (200, b'{"active": true}', "holds"),
        (200, b'{"active": false}', "refused"),
        (200, b'{"active": "false"}', "refused"),
        (200, b'{"active": null}', "refused"),
        (200, b'{"valid": false, "error": "Invalid API Key"}', "refused"),
        (401, b"{}", "refused"),
        (200, b"[]", "away"),
        (200, b"<html>", "away"),
        (200, b"", "away"),
        (200, b"[" * 100_000, "away"),
        (201, b"{}", "away"),
        (403, b"{}", "away"),
    ],
)
def test_only_a_clear_answer_is_one(status: int, body: bytes, expected: str) -> None:
    """RFC 7662 and the platform's own form are read; what is neither yes nor no is neither."""
    verdict = judged(Reply(status, (), body), "fp:1", "org_id")
    assert expected == ("holds" if verdict.caller else "away" if verdict.pause else "refused")


@pytest.mark.parametrize("value", ["30", "0", "99999", "-1", "soon", "٣", ""])
def test_a_pause_has_bounds(value: str) -> None:
    """From one second to a minute, whatever the platform writes."""
    verdict = judged(Reply(429, (("Retry-After", value),), b""), "fp:1", "org_id")
    assert 1 <= verdict.pause <= 60


def test_an_odd_organisation_is_left_out() -> None:
    """It becomes a header towards services."""
    odd = judged(Reply(200, (), b'{"org_id": "a\\r\\nb"}'), "fp:1", "org_id")
    assert odd == Verdict(Caller("api-key", "fp:1", "", checked=True))


# The stand-in platform.


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """The stand-in, as the real one answers."""
    with platform_running() as one:
        yield one


def at(platform: Platform, **changes: Any) -> Asking:
    """An introspection of its filtration."""
    changes = {"internal_key": platform.internal_key, **changes}
    return Asking(service("filtration", platform.urls["filtration"]), **changes)


async def test_the_platform_tells_good_keys_from_bad(platform: Platform) -> None:
    """/internal/models answers a holder of any key."""
    one = at(platform)
    assert await one.outcome(platform.seed.api_key) == "holds"
    assert await one.outcome("sk-nobody") == "refused"
    one.pool.close()


async def test_the_platforms_500_for_a_bad_internal_key_is_503(platform: Platform) -> None:
    """It answers 500 to the gateway's own wrong key, and closes the connection: that is not the client's fault."""
    one = at(platform, internal_key="wrong")
    assert await one.outcome(platform.seed.api_key) == "introspection-away"
    one.pool.close()


async def test_each_key_has_its_own_allowance_at_the_platform(platform: Platform) -> None:
    """One key that is asked about too often does not silence another."""
    one = at(platform)
    told = []
    for _ in range(14):
        told.append(await one.outcome("sk-often"))
        one.now += 5
    assert "introspection-away" in told
    assert await one.outcome("sk-other") == "refused"
    assert await one.outcome(platform.seed.api_key) == "holds"
    one.pool.close()
