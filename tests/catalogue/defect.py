"""A row of the catalogue: a gateway with one defect and the instrument that must find it, or noise that none may."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.answer import Answer
from gateway.handle import Parts
from tests.apps.faulty_gateway import incoming, whole, without

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.answer import Arriving
    from gateway.core.exchange import Headers
    from tests.catalogue.rig import Asked, Change

RESPONSE = "response diff"
UPSTREAM = "upstream-request diff"
POLICY = "policy shadow"
REPLAY = "closed replay"


@dataclass(frozen=True)
class Defect:
    """One wrong gateway. `parts` makes its steps anew for each run; `found` is every signature that must be open.

    A signature is `location:pattern kind`, for a breaking one with ` (class)` behind it; the policy shadow's is
    `status reason`. `times` is how often it is asked, for what is wrong now and then only; what is asked
    `before` it is answered right.
    """

    name: str
    what: str
    asked: Asked
    instrument: str
    found: tuple[str, ...]
    parts: Callable[[], Parts] = Parts
    change: Change = lambda table: table
    times: int = 1
    before: Asked | None = None


@dataclass(frozen=True)
class Noise:
    """One gateway, or service, that is right and looks different."""

    name: str
    what: str
    asked: Asked
    verdict: str = "match"
    parts: Callable[[], Parts] = Parts


def answering(change: Callable[[Answer], Answer]) -> Callable[[], Parts]:
    """A gateway that gives another answer; `change` gets the right one with its body whole."""

    async def changed(_upstream: Any, answer: Answer) -> Answer:
        return change(Answer(answer.status, answer.headers, await whole(answer)))

    return lambda: incoming(changed)


def body(change: Callable[[bytes], bytes]) -> Callable[[], Parts]:
    """A gateway that gives other bytes, with their length."""

    def changed(answer: Answer) -> Answer:
        assert isinstance(answer.body, bytes)
        return with_body(answer, change(answer.body))

    return answering(changed)


def with_body(answer: Answer, content: bytes) -> Answer:
    """The answer with another body and its length."""
    headers = (*without(answer.headers, "content-length"), ("content-length", str(len(content))))
    return Answer(answer.status, headers, content)


def headed(change: Callable[[Headers], Headers]) -> Callable[[], Parts]:
    """A gateway that gives other headers."""

    async def changed(_upstream: Any, answer: Answer) -> Answer:
        return replace(answer, headers=change(answer.headers))

    return lambda: incoming(changed)


def valued(name: str, change: Callable[[str], str | None]) -> Callable[[], Parts]:
    """A gateway that gives one header another value, or None of it."""

    def changed(headers: Headers) -> Headers:
        found = ((key, change(value) if key.lower() == name else value) for key, value in headers)
        return tuple((key, value) for key, value in found if value is not None)

    return headed(changed)


class Flowing:
    """A body that is made from another while that arrives."""

    def __init__(self, source: Arriving, pieces: AsyncIterator[bytes]) -> None:
        self._source, self._pieces = source, pieces

    async def take(self) -> bytes:
        """The next piece."""
        return await anext(self._pieces, b"")

    def close(self) -> None:
        """Give the rest up."""
        self._source.close()


class _Whole:
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def take(self) -> bytes:
        content, self._content = self._content, b""
        return content

    def close(self) -> None:
        self._content = b""


def streaming(change: Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]) -> Callable[[], Parts]:
    """A gateway that passes other events on, each as it comes."""

    async def changed(_upstream: Any, answer: Answer) -> Answer:
        source = _Whole(answer.body) if isinstance(answer.body, bytes) else answer.body
        headers = without(answer.headers, "content-length")
        return Answer(answer.status, headers, Flowing(source, change(_events(source))))

    return lambda: incoming(changed)


async def _events(source: Arriving) -> AsyncIterator[bytes]:
    held = b""
    while piece := await source.take():
        *events, held = (held + piece).split(b"\n\n")
        for event in events:
            yield event + b"\n\n"
    if held:
        yield held
