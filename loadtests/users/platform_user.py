"""What every persona does alike: send a call to the side under load and count it under its route."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from locust import FastHttpUser

from gateway.core.routes import Access
from loadtests.calls import learned, ready, time_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.routes import Route
    from loadtests.calls import Call
    from loadtests.record import Run
    from loadtests.tally import Place

_REDIRECTS = 300
ACCEPT = "application/json, text/plain, */*"


class Answer(NamedTuple):
    """Status (0: none came) and body; `ok` when the persona is content with it."""

    status: int
    body: bytes
    ok: bool


class PlatformUser(FastHttpUser):  # type: ignore[misc]  # its package is not followed
    """A client of the platform; redirects are not followed, so that nothing is loaded which nobody allowed."""

    abstract = True
    think = (1.0, 4.0)
    """Seconds between two tasks, at least and at most; the plan's factor is applied."""

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        self.load: Run = self.environment.cutover
        self.account = self.load.sessions.next()
        self.client.client.redirect_response_codes = frozenset()
        self.known: dict[str, tuple[str, ...]] = {
            name: (value,) for name, value in self.load.session(self.account).variables.items()
        }

    def wait_time(self) -> float:
        """Seconds until the next task."""
        return random.uniform(*self.think) * self.load.plan.think

    def variables(self) -> dict[str, str]:
        """One value for each variable that is known, and the time range that lists ask for."""
        return {
            **time_range(time.time()),
            **{name: random.choice(values) for name, values in self.known.items() if values},
        }

    def ask(self, call: Call, variables: dict[str, str], *, counted: bool = True) -> Answer | None:
        """Send one call; None while a variable of it is not known. What it teaches is remembered."""
        prepared = ready(self.load.prepared.table, call, variables)
        if prepared is None:
            return None
        place = self.load.place(prepared.route.id)
        request = prepared.at(place.side)
        headers = {"Accept": ACCEPT, **dict(request.headers), **self.credentials(prepared.route)}
        options = {"headers": headers, "data": request.body or None}
        address = self.load.address(prepared, place.side)
        with self.sent(request.method, address, place, counted=counted, **options) as response:
            status, body = response.status_code, response.content or b""
            trouble = self.trouble(response, call)
            if trouble:
                response.failure(trouble)
            else:
                response.success()
        if call.learn and not trouble and status < _REDIRECTS:
            values = learned(call.learn, body)
            self.known.update({call.learn.variable: values} if values else {})
        return Answer(status, body, not trouble)

    @contextmanager
    def sent(self, method: str, address: str, place: Place, *, counted: bool = True, **options: Any) -> Iterator[Any]:
        """The request on its way, counted at its place when the block ends; uncounted ones are named as set-up."""
        name = self.label(place) if counted else f"set-up: {self.label(place)}"
        context = {"place": place} if counted else {}
        with self.client.request(
            method, address, name=name, context=context, catch_response=True, **options
        ) as response:
            yield response

    def trouble(self, response: Any, call: Call) -> str:
        """What is wrong with an answer; empty when nothing is."""
        status = response.status_code
        if status in call.fine:
            return ""
        if not status:
            return f"no answer: {type(response.error).__name__}"
        return f"HTTP {status}" if status >= _REDIRECTS else ""

    def credentials(self, route: Route) -> dict[str, str]:
        """The header that this route wants: the session's token, the run's API key, or none."""
        if route.access is Access.PUBLIC:
            return {}
        secret = self.load.created.key if route.access is Access.API_KEY else self.load.session(self.account).token
        return {"Authorization": f"Bearer {secret}"} if secret else {}

    def label(self, place: Place) -> str:
        """The name in locust's statistics: the route id, with the side where both are loaded."""
        return place.route if len(self.load.plan.sides) == 1 else f"{place.side}:{place.route}"
