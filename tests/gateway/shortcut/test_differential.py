"""Two gateways, one of which takes shortcuts, are played alike: client, service, log and numbers must agree."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.core.permissions import Permissions
from gateway.core.policy import Cors, Limit
from gateway.core.routes import Stage
from gateway.handle import Parts
from gateway.match import match
from gateway.transport.heads import Head, Heads
from tests.apps import table as tables
from tests.apps.clock import Clock
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.rawclient import RawClient
from tests.apps.repeated import PATH, asked, steady, things
from tests.apps.table import bearer, flags
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

DATE = b"Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE
ANSWERS: dict[str, tuple[list[bytes], bool]] = {
    "plain": ([OK + b"Content-Length: 2\r\n\r\nok"], True),
    "absent": ([b"HTTP/1.1 404 Not Found\r\n" + DATE + b"Content-Length: 2\r\n\r\nno"], True),
    "chunked": ([OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n"], True),
    "zipped": ([OK + b"Content-Encoding: gzip\r\nVary: Accept\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x00"], True),
    "none": ([b"HTTP/1.1 204 No Content\r\n" + DATE + b"\r\n"], True),
    "same": ([b"HTTP/1.1 304 Not Modified\r\n" + DATE + b"Content-Length: 2\r\n\r\n"], True),
    "same and more": ([b"HTTP/1.1 304 Not Modified\r\n" + DATE + b"Content-Length: 2\r\n\r\n\r\n"], True),
    "late": ([OK + b"Content-", b"Length: 4\r\n\r\nab", b"cd"], True),
    "ends": ([OK + b"\r\nuntil the end"], False),
    "hints": ([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK + b"Content-Length: 2\r\n\r\nok"], True),
    "hints at once": ([b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok"], True),
    "closes": ([OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok"], False),
    "closes silently": ([OK + b"Content-Length: 2\r\n\r\nok"], False),
    "fails": ([b"HTTP/1.1 500 Oops\r\n" + DATE + b"Content-Length: 2\r\n\r\nno"], False),
    "dies": ([], False),
    "dies midway": ([OK + b"Content-Length: 9\r\n\r\nok"], False),
    "babbles": ([b"no http at all\r\n\r\n"], False),
    "repeats": ([(OK + b"Content-Length: 2\r\n\r\nok") * 2], True),
    "moved": ([b"HTTP/1.1 307 Moved\r\n" + DATE + b"Location: /things/?a=1\r\nContent-Length: 0\r\n\r\n"], True),
    "dateless": ([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"], True),
    "limits": ([OK + b"X-RateLimit-Limit: 7\r\nContent-Length: 2\r\n\r\nok"], True),
    "big": ([OK + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000], True),
    "old": ([b"HTTP/1.0 200 OK\r\n" + DATE + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nok"], True),
}
BORN, LIFE = 1_000_000, 60
USERS = [bearer(sub=f"user-{number}", iat=BORN, exp=BORN + LIFE)["Authorization"] for number in range(2)]
HEADS: list[list[tuple[str, str]]] = [
    [("Authorization", USERS[0])],
    [("Authorization", USERS[1])],
    [("Authorization", USERS[0]), ("Origin", "http://page")],
    [("Authorization", USERS[0]), ("Origin", "http://elsewhere")],
    [("Authorization", USERS[0]), ("X-Request-ID", "my-own-id")],
    [("Authorization", USERS[0]), ("Connection", "close")],
    [],
]
TARGETS = [PATH, f"{PATH}/7", f"{PATH}?org_id=org-1", f"{PATH}?org_id=org-2"]
STAGES: dict[str, tuple[Stage, bool]] = {
    "served": (Stage.GATEWAY, True),
    "canary": (Stage.CANARY, True),
    "legacy": (Stage.LEGACY, True),
    "shadow": (Stage.SHADOW, False),
}


def _changed(made: RouteTable, change: str) -> RouteTable:
    routes = tuple(
        replace(
            one,
            permission="things:read" if change == "closed" else "things:open",
            scope=(tables.place("query.org_id"),) if change == "scoped" else (),
        )
        for one in made.routes
    )
    origins = ("http://page", "http://elsewhere") if change == "pages" else ("http://page",)
    policy = replace(made.policy, cors=Cors(origins=origins))
    limits = {"read": Limit(0.0001, 60, 3 if change == "narrow" else 1000)}
    return replace(made, routes=routes, policy=policy, limits=limits)


@dataclass
class Log:
    """Lines as they are added."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """One line."""
        self.lines.append(line)

    def flush(self) -> None:
        """Nothing waits."""


class Forgetful(Heads):
    """Remembers no head."""

    def put(self, data: bytes, head: Head, length: int) -> None:
        """See Heads."""


class Play:
    """One of the two gateways with all that belongs to it; `told` is what its clients got to see."""

    def __init__(self, *, long: bool) -> None:
        self.clock, self.log, self.told = Clock(float(BORN)), Log(), list[object]()
        self.answer = "plain"
        self.go = asyncio.Event()
        self.go.set()
        self._long = long
        self._stack = AsyncExitStack()
        self.up: Upstream
        self.gate: Running
        self.clients: list[RawClient]

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        self.up = await enter(upstream(self._behave))
        permissions = Permissions(roles={"admin": ("things:open",)})
        made = _changed(things(self.up.address, permissions=permissions), "open")
        parts = Parts(match=partial(match)) if self._long else None
        self.gate = await enter(running(made, settings=tables.settings(clock=self.clock), parts=parts))
        self.context = self.gate.gateway.context
        self.context.log = self.log  # type: ignore[assignment]
        if self._long:
            # Nor does it know a head of the service again.
            self.context.pool._heads = Forgetful()
        self.clients = [await enter(RawClient(self.gate.addresses.public)) for _ in range(2)]
        return self

    async def __aexit__(self, *error: object) -> None:
        self.go.set()
        await self._stack.aclose()

    async def _behave(self, seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        del seen
        await self.go.wait()
        pieces, stays = ANSWERS[self.answer]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002 * (len(pieces) > 1))
        return stays

    async def ask(self, client: int, target: int, head: int) -> None:
        """One request."""
        await self._heard(self.clients[client], lambda one: one.ask("GET", TARGETS[target], *HEADS[head]))

    async def pipeline(self, client: int, target: int, head: int) -> None:
        """Three at once, the second of which is another."""
        one = self.clients[client]
        for step in (0, 1, 0):
            await one.send("GET", TARGETS[(target + step) % len(TARGETS)], *HEADS[head])
        for _ in range(3):
            if one.writer is not None:
                await self._heard(one, RawClient.receive)

    async def midway(self, client: int, change: str) -> None:
        """A change while a request waits for its service."""
        self.go.clear()
        before, one = len(self.up.seen), self.clients[client]
        lines = len(self.log.lines)
        await one.send("GET", PATH, *HEADS[0])
        await eventually(lambda: len(self.up.seen) > before or len(self.log.lines) > lines)
        await self.change(change)
        self.go.set()
        if one.writer is not None:
            await self._heard(one, RawClient.receive)
        await self.quiet()

    async def change(self, change: str) -> None:
        """Flags, table, clock or memory become another; a client leaves, a service ends what rests."""
        made = self.context.table
        if change in STAGES:
            stage, left = STAGES[change]
            self.gate.flags = flags(made, stage, left_shadow=left)
        elif change == "later":
            self.clock.now += LIFE - 1
        elif change == "earlier":
            self.clock.now -= LIFE - 1
        elif change == "forgets":
            self.context.identity.tokens(made.policy).clear()
        elif change == "leaves":
            for one in self.clients:
                one.close()
        elif change == "rests":
            self.up.close_connections()
            await eventually(lambda: all(self.context.pool.idle(one) == 0 for one in self.context.pool.origins()))
        else:
            self.gate.gateway.reload(_changed(made, change))
        await self.quiet() if self.go.is_set() else None

    async def quiet(self) -> None:
        """Nothing is on its way any more."""
        await eventually(lambda: self.context.metrics.in_flight == 0)

    async def _heard(self, client: RawClient, hear: Any) -> None:
        try:
            async with asyncio.timeout(5):
                answer = await hear(client)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            client.close()
            self.told.append(type(error).__name__)
        else:
            head, body = (steady(part.decode("latin-1")) for part in (answer.head, answer.body))
            self.told.append((head, answer.header("x-ratelimit-remaining"), body))
            if answer.header("connection") == "close":
                client.close()

    def came_to(self) -> dict[str, object]:
        """All that must not depend on the way."""
        numbers = [
            line
            for line in self.context.metrics.text({}).splitlines()
            if not any(word in line for word in ("shortcuts", "loop_lag", "_sum", "#"))
            and ("_bucket" not in line or "+Inf" in line)
        ]
        varying = ("at", "request_id", "trace", "seconds", "upstream_seconds")
        lines = [
            {name: name in varying or value for name, value in json.loads(one).items()} for one in self.log.lines
        ]
        seen = [asked(one).replace(self.up.address.removeprefix("http://"), "service") for one in self.up.seen]
        return {"told": self.told, "seen": seen, "lines": lines, "numbers": sorted(numbers)}


CLIENTS, SOME = st.integers(0, 1), st.integers(0, 2)
CHANGES = st.sampled_from(
    [*STAGES, "open", "closed", "scoped", "pages", "narrow", "later", "earlier", "forgets", "leaves", "rests"]
)
ASKS = st.tuples(st.just("ask"), CLIENTS, st.integers(0, len(TARGETS) - 1), st.integers(0, len(HEADS) - 1))
SAME = st.tuples(st.just("ask"), st.just(0), st.just(0), st.just(0))
STEPS = st.one_of(
    SAME,
    SAME,
    ASKS,
    st.tuples(st.just("answer"), st.sampled_from(list(ANSWERS))),
    st.tuples(st.just("change"), CHANGES),
    st.tuples(st.just("midway"), CLIENTS, CHANGES),
    st.tuples(st.just("pipeline"), CLIENTS, SOME, SOME),
)
TWICE = [("ask", 0, 0, 0)] * 2


async def _played(steps: list[tuple[Any, ...]]) -> tuple[Play, Play]:
    async with Play(long=False) as short, Play(long=True) as long:
        for name, *given in steps:
            for play in (short, long):
                if name == "answer":
                    play.answer = given[0]
                else:
                    await getattr(play, name)(*given)
        for play in (short, long):
            await play.quiet()
    return short, long


@pytest.mark.proof
@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=25))
@example([TWICE[0], ("midway", 0, "legacy"), *TWICE])
@example([TWICE[0], ("midway", 0, "closed"), *TWICE, *TWICE, ("midway", 0, "open"), *TWICE])
@example([*TWICE, *TWICE, *[("change", "later"), *TWICE] * 2, ("change", "earlier"), *TWICE])
@example([step for name in ANSWERS for step in (*TWICE, ("answer", name), *TWICE, ("answer", "plain"))])
async def test_nobody_can_tell_the_ways_apart(steps: list[tuple[Any, ...]]) -> None:
    """Whatever happens in whatever order, both gateways answer, ask, log and count the same."""
    short, long = await _played(steps)
    first, second = short.came_to(), long.came_to()
    for name, value in first.items():
        assert value == second[name], name
    assert long.context.metrics.value("cutover_shortcuts_total") == 0
