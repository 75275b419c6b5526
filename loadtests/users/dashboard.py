"""The dashboard user: opens pages as the dashboard does, thinks, opens the next."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from gevent.pool import Group
from locust import FastHttpUser

from gateway.core.routes import Access
from loadtests.pages import learned, ready, time_range

if TYPE_CHECKING:
    from loadtests.pages import Call, Page
    from loadtests.record import Run

_REDIRECTS = 300


class DashboardUser(FastHttpUser):  # type: ignore[misc]  # its package is not followed
    """One person at the dashboard. The calls of a wave go out together, each counted under its route id."""

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        self.load: Run = self.environment.cutover
        # A followed redirect would be counted here and might load a host nobody allowed.
        self.client.client.redirect_response_codes = frozenset()
        self.known: dict[str, tuple[str, ...]] = {}
        self.choices = [page for page in self.load.prepared.pages if page.weight]

    def wait_time(self) -> float:
        """Seconds a person looks at a page before opening the next."""
        return random.uniform(1.0, 4.0) * self.load.plan.think

    def on_start(self) -> None:
        """Load what every first page asks for."""
        organisation = self.load.session().organisation
        if organisation:
            self.known["org"] = (organisation,)
        for page in self.load.prepared.pages:
            if not page.weight:
                self.open(page)

    def browse(self) -> None:
        """Open one page, chosen by weight."""
        self.open(random.choices(self.choices, [page.weight for page in self.choices])[0])

    def open(self, page: Page) -> None:
        """Send the page's waves one after the other."""
        variables = {name: random.choice(values) for name, values in self.known.items()}
        for wave in page.waves:
            group = Group()
            try:
                for call in wave:
                    group.spawn(self.send, call, variables)
                group.join()
            finally:
                group.kill(block=False)
            for name, values in self.known.items():
                variables.setdefault(name, random.choice(values))

    def send(self, call: Call, variables: dict[str, str]) -> None:
        """Send one call to the side under load; skipped while a variable of it is not known."""
        prepared = ready(self.load.prepared.table, call, {**time_range(time.time()), **variables})
        if prepared is None:
            return
        place = self.load.place(prepared.route.id)
        headers = {"Accept": "application/json, text/plain, */*"}
        token = self.load.session().token
        if token and prepared.route.access is not Access.PUBLIC:
            headers["Authorization"] = f"Bearer {token}"
        with self.client.get(
            self.load.address(prepared, place.side),
            name=self.label(place.side, place.route),
            headers=headers,
            context={"place": place},
            catch_response=True,
        ) as response:
            status = response.status_code
            if status in call.fine:
                response.success()
            elif not status:
                response.failure(f"no answer: {type(response.error).__name__}")
            elif status >= _REDIRECTS:
                response.failure(f"HTTP {status}")
            elif call.learn:
                values = learned(call.learn, response.content or b"")
                self.known.update({call.learn.variable: values} if values else {})

    def label(self, side: str, route: str) -> str:
        """The name in locust's statistics: the route id, with the side where both are loaded."""
        return route if len(self.load.plan.sides) == 1 else f"{side}:{route}"


DashboardUser.tasks = [DashboardUser.browse]
