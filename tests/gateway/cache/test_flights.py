"""Joining questions in flight."""

from __future__ import annotations

import asyncio

import pytest

from gateway.answer import Answer
from gateway.cache import flights as module
from gateway.cache.flights import Flights
from gateway.problem import Unreachable
from tests.gateway.cache.test_whole import Pieces

KEY = ("r",)


class Service:
    """Counts its questions and answers them when told to."""

    def __init__(self, answer: Answer | Exception | None = None) -> None:
        self.asked = self.given_up = 0
        self.go = asyncio.Event()
        self._answer = answer or Answer(200, (), b"hi")

    async def ask(self) -> Answer:
        """One question."""
        self.asked += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def start(
    flights: Flights, service: Service, many: int, *headers: tuple[str, str]
) -> list[asyncio.Task[tuple[Answer, bool]]]:
    """So many identical requests at once."""
    return [asyncio.create_task(flights.joined(KEY, "compute", headers, service.ask)) for _ in range(many)]


async def test_one_question_answers_all() -> None:
    """Twenty identical requests in flight are one question, and the first is told that it asked it."""
    flights, service = Flights(), Service()
    tasks = start(flights, service, 20)
    await asyncio.sleep(0)
    service.go.set()
    answers = await asyncio.gather(*tasks)
    assert (service.asked, [shared for _, shared in answers]) == (1, [False, *[True] * 19])
    assert {answer.body for answer, _ in answers} == {b"hi"}
    assert len(flights) == 0
    await flights.joined(KEY, "compute", (), service.ask)
    assert service.asked == 2


async def test_failure_reaches_those_who_wait_and_nobody_later() -> None:
    """Everybody in flight gets the failure; the next request asks again."""
    flights, service = Flights(), Service(Unreachable("x", reason="connect", sent=False))
    tasks = start(flights, service, 3)
    await asyncio.sleep(0)
    service.go.set()
    failures = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(failure) for failure in failures] == [Unreachable] * 3
    with pytest.raises(Unreachable):
        await flights.joined(KEY, "compute", (), service.ask)
    assert service.asked == 2


async def test_first_may_leave_without_failing_the_others() -> None:
    """The one who asked may go; the others get the answer."""
    flights, service = Flights(), Service()
    tasks = start(flights, service, 3)
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    service.go.set()
    answers = await asyncio.gather(*tasks[1:])
    assert ([shared for _, shared in answers], service.asked, service.given_up) == ([True, True], 1, 0)


async def test_last_to_leave_takes_the_question_back() -> None:
    """When nobody waits any more the service is let go, and who comes that very moment asks anew."""
    flights, service = Flights(), Service()
    tasks = start(flights, service, 3)
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.sleep(0)
    late = start(flights, service, 2)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(flights) == 1
    service.go.set()
    assert [shared for _, shared in await asyncio.gather(*late)] == [False, True]
    assert (service.asked, service.given_up, len(flights)) == (2, 1, 0)


async def test_stream_belongs_to_who_asked() -> None:
    """An answer that did not come whole is not shared: the others ask for themselves."""
    flights, service = Flights(), Service(Answer(200, (), Pieces(b"long")))
    tasks = start(flights, service, 3)
    await asyncio.sleep(0)
    service.go.set()
    answers = await asyncio.gather(*tasks)
    assert (service.asked, [shared for _, shared in answers]) == (3, [False] * 3)


async def test_stream_is_closed_when_who_asked_has_left() -> None:
    """A stream that nobody will read is given up."""
    pieces = Pieces(b"long")
    flights, service = Flights(), Service(Answer(200, (), pieces))
    tasks = start(flights, service, 2)
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    service.go.set()
    await tasks[1]
    assert (pieces.closed, service.asked) == (True, 2)


async def test_vary_is_respected() -> None:
    """Who differs in a header on which the answer depends asks for himself."""
    flights, service = Flights(), Service(Answer(200, (("Vary", "X-View"),), b"hi"))
    tasks = [*start(flights, service, 2, ("x-view", "a")), *start(flights, service, 1, ("x-view", "b"))]
    await asyncio.sleep(0)
    service.go.set()
    assert [shared for _, shared in await asyncio.gather(*tasks)] == [False, True, False]
    assert service.asked == 2


async def test_nobody_joins_a_question_from_before_a_write() -> None:
    """After a write on its service a question in flight takes nobody on, who might miss the write in its answer."""
    flights, service = Flights(), Service()
    before = start(flights, service, 2)
    await asyncio.sleep(0)
    flights.part("another")
    before += start(flights, service, 1)
    await asyncio.sleep(0)
    flights.part("compute")
    after = start(flights, service, 2)
    await asyncio.sleep(0)
    service.go.set()
    assert [shared for _, shared in await asyncio.gather(*before, *after)] == [False, True, True, False, True]
    assert (service.asked, len(flights)) == (2, 0)


async def test_number_of_those_who_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit a request goes on its own."""
    monkeypatch.setattr(module, "MOST", 2)
    flights, service = Flights(), Service()
    tasks = start(flights, service, 4)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    service.go.set()
    await asyncio.gather(*tasks)
    assert service.asked == 3
