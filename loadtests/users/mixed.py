"""The mixed user: calls routes in the proportions that were observed, whoever called them then."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from loadtests.catalogue import LOG_STREAM, OWN_MODELS, calls_by_route, socket_route, upload_route, written
from loadtests.pages import DASHBOARD
from loadtests.personas import DEPLOYMENTS
from loadtests.things import creatable
from loadtests.users.log_watcher import streaming, watch
from loadtests.users.platform_user import PlatformUser
from loadtests.users.uploader import upload

if TYPE_CHECKING:
    from loadtests.calls import Call
    from loadtests.things import Thing

_SUCCESS = 300
_REFUSED = (400, 401, 403, 404, 409, 413, 415, 422)
"""Answers after which a create has certainly made nothing."""


class MixedUser(PlatformUser):
    """Draws a route for every call. What a drawn call depends on is set up before it, and that is not counted.

    Ids come from the lists; a delete takes what a drawn create has made, or has something made for it first.
    """

    think = (0.5, 1.5)

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        table, workload = self.load.prepared.table, self.load.plan.workload
        mix = self.load.prepared.mix
        assert mix is not None  # noqa: S101 - this user is chosen by a mix only
        self.mix, self.chance = mix, random.Random()
        self.calls = calls_by_route(table)
        self.things = {thing.name: thing for thing in creatable(table, self.load.plan.left_out)}
        self.writes = written(table) if workload.writes else {}
        self.upload_route, self.socket_route = upload_route(table), socket_route(table)
        self.streams: tuple[str, ...] = ()
        self.stock: dict[str, list[tuple[str, str]]] = {name: [] for name in self.things}

    def on_start(self) -> None:
        """Learn what calls of this mix need to know."""
        needed = {name for route in self.mix.weights if route in self.calls for name in self.calls[route].names}
        needed |= {"deployment"} if self.socket_route in self.mix.weights else set()
        for call in _learning():
            if call.learn and call.learn.variable in needed - self.known.keys():
                self.ask(call, self.variables(), counted=False)
        self.streams = streaming(self) if self.socket_route in self.mix.weights else ()

    def call(self) -> None:
        """Call one route."""
        route = self.mix.draw(self.chance)
        if route in self.writes:
            self.write(route, *self.writes[route])
        elif route == self.upload_route:
            upload(self)
        elif route == self.socket_route:
            self.watch(route)
        elif self.ask(self.calls[route], self.variables()) is None:
            unknown = sorted(self.calls[route].names - self.variables().keys())
            self.load.skip(route, f"not called, nothing is known for {', '.join(unknown)}")

    def write(self, route: str, name: str, call: Call) -> None:
        """Create, use or delete a thing, whichever this call does."""
        thing = self.things[name]
        if call is thing.create:
            self.make(thing)
        elif call is thing.delete:
            self.unmake(route, thing)
        elif self.stocked(route, thing):
            self.ask(call, {**self.variables(), "id": self.stock[name][0][1]})

    def watch(self, route: str) -> None:
        """Open a log and read its first line; where it streams is asked before, uncounted."""
        if not self.streams:
            self.load.skip(route, "not opened, no deployment has a log stream")
            return
        variables = {**self.variables(), "deployment": random.choice(self.streams)}
        watch(self, self.ask(LOG_STREAM, variables, counted=False), 0.0)

    def stocked(self, route: str, thing: Thing) -> bool:
        """Whether there is such a thing, made for this if need be."""
        if not self.stock[thing.name]:
            self.make(thing, counted=False)
        if not self.stock[thing.name]:
            self.load.skip(route, f"no {thing.name} could be created for it")
        return bool(self.stock[thing.name])

    def make(self, thing: Thing, *, counted: bool = True) -> None:
        """Create one thing; it is in the ledger before the request leaves."""
        ledger = self.load.created.ledger
        name = ledger.begin(thing.name)
        answer = self.ask(thing.create, {**self.variables(), "name": name}, counted=counted)
        if answer is None or answer.status in _REFUSED:
            ledger.gone(name)
        elif answer.status and answer.status < _SUCCESS and (identity := thing.made(answer.body, name)):
            ledger.made(name, identity)
            self.stock[thing.name].append((name, identity))

    def unmake(self, route: str, thing: Thing) -> None:
        """Delete one thing, made before or for this."""
        if not self.stocked(route, thing):
            return
        name, identity = self.stock[thing.name].pop(0)
        answer = self.ask(thing.delete, {**self.variables(), "id": identity})
        if answer and answer.ok:
            self.load.created.ledger.gone(name)


def _learning() -> list[Call]:
    pages = [call for page in DASHBOARD for wave in page.waves for call in wave]
    return [call for call in (*pages, DEPLOYMENTS, OWN_MODELS) if call.learn]


MixedUser.tasks = [MixedUser.call]
