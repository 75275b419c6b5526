"""Leaves a shortcut at the head of a request that went the long way and met nothing on it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from gateway.core.exchange import header
from gateway.exchange import resumed
from gateway.handle import Parts, come_from, prepare
from gateway.shortcut.plan import is_plain, plan_of, terms_of
from gateway.shortcut.relay import Manner
from gateway.shortcut.shortcut import Shortcut
from gateway.stage import Standing
from gateway.watched import Watched

if TYPE_CHECKING:
    from gateway.answer import Answer
    from gateway.core.policy import Cors
    from gateway.handle import Call, Context
    from gateway.listen.heads import Known, Peer
    from gateway.shortcut.crossing import Crossing
    from gateway.shortcut.way import Onward
    from gateway.transport.client import Upstream
    from gateway.transport.errors import TransportError

_MANNERS = 256


class Shortcuts:
    """The shortcuts of one gateway; `onward` is the rest of the long way, for what does not stay plain."""

    def __init__(self, context: Context, onward: Onward) -> None:
        self._context = context
        self._onward = onward
        self._off = context.parts != Parts()
        self._manners: dict[tuple[Cors, str | None], Manner] = {}
        self._learnt: WeakSet[Known] = WeakSet()

    def learn(self, call: Call, known: Known, peer: Peer) -> None:
        """Let the same head from the same peer go a shorter way from now on, if it may."""
        context = self._context
        shared = context.limits.buckets.redis_up is not None
        if self._off or shared or call.passed is None or call.table is not context.table:
            return
        matched, caller = call.passed.matched, call.passed.caller
        if not is_plain(matched.route, caller, call.request) or not _is_new(known, peer):
            return
        terms = terms_of(context, call, call.passed)
        plan = None if terms is None else plan_of(context, call, matched, caller)
        if terms is not None and plan is not None:
            manner = self._manner(call.table.policy.cors, header(call.request.headers, "origin"))
            self._learnt.add(known)
            known.leave(peer, Shortcut(context, plan, terms, manner, self._onward))

    def forget(self) -> None:
        """Let go of every shortcut, and of the table that they hold on."""
        for known in self._learnt:
            known.shortcuts.clear()
        self._learnt.clear()
        self._manners.clear()

    def _manner(self, cors: Cors, origin: str | None) -> Manner:
        if origin is not None and origin not in cors.origins:
            # All that the policy does not name are one: clients may make up as many as they like.
            origin = ""
        found = self._manners.get((cors, origin))
        if found is None:
            if len(self._manners) >= _MANNERS:
                self._manners.clear()
            found = self._manners[cors, origin] = Manner(cors, origin)
        return found


def _is_new(known: Known, peer: Peer) -> bool:
    # One that holds was only passed by, as while no connection rests: to learn costs as much as half the long way.
    found = known.shortcuts.get(peer)
    return not found.holds() if isinstance(found, Shortcut) else known.has_room(peer)


async def onward(context: Context, call: Call, crossing: Crossing, first: Upstream | TransportError) -> Answer:
    """The answer to a request that a shortcut sent; `call` is the same as the long way would have it by now.

    Raises:
        Problem: the gateway answers itself.
        ClientGone: the client left while a second attempt was waited for.
    """
    way, plan = crossing.way, crossing.way.plan
    come_from(call, plan.matched)
    call.told += crossing.limit_headers
    request = prepare(context, call, plan.matched, plan.caller, Standing.SERVED)
    policy = call.table.policy.circuit
    watched = Watched(plan.service, way.circuit, crossing.permit, policy, context.metrics)
    return await resumed(context, call, plan.matched, request, plan.caller, watched, first)
