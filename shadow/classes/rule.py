"""What a class is: a name, why it holds, and a short test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import header
from shadow.normalise.content import Content, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Headers, Request, Response
    from gateway.core.routes import Service
    from gateway.core.table import RouteTable
    from shadow.diff.found import Found
    from shadow.pairing import Pair


@dataclass(frozen=True)
class Case:
    """What a class may look at beside the difference; `gateway_url` is how clients reach the gateway."""

    pair: Pair
    table: RouteTable
    gateway_url: str

    @property
    def request(self) -> Request:
        """The dashboard's own request."""
        return self.pair.legacy.request

    @property
    def service(self) -> Service:
        """The route's service."""
        return self.table.services[self.pair.route.service]

    @cached_property
    def legacy(self) -> Content:
        """Legacy's body, parsed."""
        return _content(self.pair.answers, 0)

    @cached_property
    def gateway(self) -> Content:
        """The gateway's body, parsed."""
        return _content(self.pair.answers, 1)

    @property
    def statuses(self) -> tuple[int, int]:
        """Both statuses, legacy's first; 0 where a side gave no answer."""
        answers = self.pair.answers
        return (answers[0].status, answers[1].status) if answers else (0, 0)

    def legacy_member(self, name: str) -> Any:
        """A top-level member of legacy's JSON object, or None."""
        return self.legacy.value.get(name) if isinstance(self.legacy.value, dict) else None

    def gateway_member(self, name: str) -> Any:
        """A top-level member of the gateway's JSON object, or None."""
        return self.gateway.value.get(name) if isinstance(self.gateway.value, dict) else None

    @property
    def gateway_headers(self) -> Headers:
        """The headers of the gateway's answer."""
        answers = self.pair.answers
        return answers[1].headers if answers else ()

    def gateway_header(self, name: str) -> str:
        """The first value of a header of the gateway's answer; empty when it is absent."""
        return header(self.gateway_headers, name) or ""


def _content(answers: tuple[Response, Response] | None, side: int) -> Content:
    return read(answers[side].headers, answers[side].body) if answers else read((), b"")


@dataclass(frozen=True, slots=True)
class Class:
    """A declared kind of difference: `name` goes into `Difference.by`, `reason` into reports and docs.

    What is `routine` comes with every answer of a gateway, is checked here, and then is no difference at all.
    """

    name: str
    reason: str
    holds: Callable[[Found, Case], bool]
    routine: bool = False
