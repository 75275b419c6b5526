"""Copies on the shadow's own path: legacy, a gateway that is right or has one fault, the worker's copier."""

from __future__ import annotations

import time
import uuid
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt

from gateway.app import build_app
from gateway.core.exchange import Exchange, Headers, Request, Response
from gateway.core.routes import Stage
from gateway.handle import Parts
from gateway.server import serving
from migrate.demo.platform import running
from shadow.classes.rule import Case
from shadow.classify import breaking
from shadow.copying import Copier
from shadow.diff.found import Found
from shadow.envelope import Copy
from shadow.forwarded import forwarded
from shadow.mirror import Mirror
from shadow.observe import Setting
from shadow.pairing import READ, Pair
from shadow.plan import Copying
from shadow.serve import decide
from tests.apps.oddities import Oddities
from tests.apps.probed import inferia
from tests.apps.table import flags, settings
from tests.catalogue import notes
from tests.catalogue.notes import Notes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from gateway.core.observation import Difference
    from gateway.core.table import RouteTable
    from migrate.demo.platform import Platform
    from shadow.copying import Done

    Change = Callable[[RouteTable], RouteTable]

PEER = "127.0.0.1"


@dataclass(frozen=True)
class Asked:
    """One request of the dashboard, in legacy terms; `{name}` in it stands for a field of the platform's seed."""

    service: str
    method: str
    target: str
    who: str = ""
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True)
class Copied:
    """What came of one copy, with what legacy answered."""

    asked: Asked
    legacy: Exchange
    done: Done
    case: Case

    @property
    def open(self) -> list[Difference]:
        """The differences that nothing explains."""
        observed = self.done.observation
        return [one for one in observed.differences if not one.by] if observed else []

    def signature(self, one: Difference) -> str:
        """`location:pattern kind`, and the breaking class in brackets."""
        # The class looks at values, of which only the redacted ones are left.
        sides = [int(side) if one.location == "status" else side for side in (one.legacy, one.gateway)]
        name = breaking(Found(one.location, one.path, one.kind, *sides), self.case)
        return f"{one.location}:{one.pattern}".rstrip(":") + f" {one.kind}" + (f" ({name})" if name else "")


@dataclass
class Rig:
    """One gateway beside the platform and the notes; each request is served by legacy and copied once."""

    table: RouteTable
    platform: Platform
    notes: Notes
    mirror: Mirror
    copier: Copier
    setting: Setting
    public: str
    key: bytes = field(repr=False)

    async def copy(self, asked: Asked) -> Copied:
        """Ask legacy as the dashboard does, then make the copy as the worker does."""
        request = self._request(asked)
        plan = decide(self.table, flags(self.table, Stage.SHADOW), asked.service, request, self.key)
        assert plan.route is not None, asked
        assert plan.copying is not Copying.NONE, plan
        stub = Exchange(uuid.uuid4().hex, asked.service, request, Response(200))
        legacy = await self.mirror.to_legacy(self.table.services[asked.service].legacy, stub, request)
        copy = Copy(plan.route.id, plan.parameters, plan.copying, plan.subject.key, legacy)
        done = await self.copier.copy(copy, 0.0)
        refused = bool(done.observation and done.observation.refused)
        pair = Pair(plan.route, legacy, legacy, READ, "live", plan.subject.key, refused=refused)
        return Copied(asked, legacy, done, Case(pair, self.table, self.public))

    def _request(self, asked: Asked) -> Request:
        seed = vars(self.platform.seed)
        target, who = asked.target.format(**seed), asked.who.format(**seed)
        host = urlsplit(self.table.services[asked.service].legacy).netloc
        sent: Headers = (("Host", host), ("Accept", "application/json"), *asked.headers)
        if who:
            sent = (*sent, ("Authorization", f"Bearer {self._token(who)}"))
        body = asked.body
        for name, value in seed.items():
            body = body.replace(b"{%b}" % name.encode(), str(value).encode())
        if body:
            sent = (*sent, ("Content-Length", str(len(body))))
        return Request(asked.method, target, forwarded(sent, PEER, ()), body, PEER)

    def _token(self, who: str) -> str:
        if who.startswith("sk-"):
            return who
        seed, now = self.platform.seed, int(time.time())
        user, role, organisation = {
            "admin": (seed.admin, "admin", seed.organisation),
            "member": (seed.member, "member", seed.organisation),
            "foreign": (seed.foreign_user, "admin", seed.foreign_organisation),
        }[who]
        said = {"sub": user, "username": who, "email": who, "iat": now, "exp": now + 1800, "type": "access"}
        return jwt.encode({**said, "roles": [role], "org_id": organisation}, self.platform.jwt_secret)


@dataclass
class Stand:
    """The platform and the notes, running; gateways are put beside them one at a time."""

    platform: Platform
    oddities: Oddities
    notes: Notes

    @asynccontextmanager
    async def gateway(self, parts: Parts | None = None, change: Change = lambda table: table) -> AsyncIterator[Rig]:
        """A gateway with some steps replaced, or with another table than the shadow has."""
        table = self._table()
        keys = settings(jwt_secret=self.platform.jwt_secret, internal_key=self.platform.internal_key)
        snapshot = flags(table, Stage.SHADOW)
        self.notes.forget()
        app = build_app(change(table), keys, lambda: snapshot, parts=parts or Parts())
        async with (
            serving(app, "127.0.0.1:0", "127.0.0.1:0") as bound,
            Mirror(bound.internal, keys.mark_key, deadline=5.0) as mirror,
        ):
            setting = Setting(table, keys.fingerprint_key, {}, bound.public, "1", time.time)
            copier = Copier(table, mirror, lambda: setting)
            yield Rig(table, self.platform, self.notes, mirror, copier, setting, bound.public, keys.fingerprint_key)

    def _table(self) -> RouteTable:
        shipped = inferia()
        services = {
            name: replace(one, legacy=self.platform.urls[name], internal=self.platform.urls[name])
            for name, one in shipped.services.items()
        }
        # Copies of completions are made for real here: the model costs nothing.
        routes = tuple(
            replace(one, shadow=replace(one.shadow, budget=10_000)) if one.id == "inference.chat" else one
            for one in shipped.routes
        )
        odd = notes.service(self.oddities.address)
        return replace(shipped, services={**services, "notes": odd}, routes=(*routes, *notes.ROUTES))


@contextmanager
def platform() -> Iterator[Platform]:
    """The stand-in platform in a process of its own."""
    with running(login_limit=100_000) as started:
        yield started


@asynccontextmanager
async def stand(started: Platform) -> AsyncIterator[Stand]:
    """The notes beside a running platform."""
    answers = Notes()
    async with Oddities("notes") as oddities:
        oddities.override = answers
        yield Stand(started, oddities, answers)
