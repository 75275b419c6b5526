"""The dashboard user: opens pages as the dashboard does, thinks, opens the next."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from gevent.pool import Group

from loadtests.users.platform_user import PlatformUser

if TYPE_CHECKING:
    from loadtests.pages import Page


class DashboardUser(PlatformUser):
    """One person at the dashboard. The calls of a wave go out together, each counted under its route id."""

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        self.choices = [page for page in self.load.prepared.pages if page.weight]

    def on_start(self) -> None:
        """Load what every first page asks for."""
        for page in self.load.prepared.pages:
            if not page.weight:
                self.open(page)

    def browse(self) -> None:
        """Open one page, chosen by weight."""
        self.open(random.choices(self.choices, [page.weight for page in self.choices])[0])

    def open(self, page: Page) -> None:
        """Send the page's waves one after the other."""
        variables = self.variables()
        for wave in page.waves:
            group = Group()
            try:
                for call in wave:
                    group.spawn(self.ask, call, dict(variables))
                group.join()
            finally:
                group.kill(block=False)
            variables = {**self.variables(), **variables}


DashboardUser.tasks = [DashboardUser.browse]
