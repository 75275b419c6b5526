"""The gateway process: two listeners, the live flags, a stop that drains from the first moment on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import uvloop

from gateway.app import build_app
from gateway.flags.watch import FlagWatch
from gateway.hangup import Hangup
from gateway.listen.bounds import bounds_of
from gateway.listen.tls import Certificate
from gateway.listener import Listener, bound, url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from gateway.app import Gateway
    from gateway.core.table import RouteTable
    from gateway.handle import Parts
    from gateway.listen.bounds import Bounds
    from gateway.settings import Settings

_COPIES = 2.0
"""Seconds that copies on the internal listener have after the last client is gone."""
_THRESHOLDS = (2_000, 2, 100)
"""See `gc.set_threshold`. A look at 2 000 young objects takes a millisecond or two, when nobody is answered; one at
20 000 took 10 to 50 in a gateway that held a thousand streams. Requests and connections leave the collector nothing,
so that looks at all there is may be rare."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base URLs of the two listeners as they were bound."""

    public: str
    internal: str


@asynccontextmanager
async def serving(gateway: Gateway, listen: str, internal_listen: str) -> AsyncIterator[Addresses]:
    """Serve until the block ends, then drain for as long as the policy says; `:0` binds a free port.

    A public port chosen here also becomes the gateway's public URL, since nobody can have configured it.

    Raises:
        ConfigError: an address or the certificate cannot be read.
        UnreachableError: an address is taken or not this machine's.
    """
    policy = gateway.context.table.policy
    gateway.certificate = Certificate(policy.tls) if policy.tls.certificate else None
    with bound(listen) as public, bound(internal_listen) as internal:
        addresses = Addresses(url_of(public, "https" if gateway.certificate else "http"), url_of(internal))
        if listen.endswith(":0"):
            gateway.context.public_url = addresses.public
        outer = Listener(
            gateway.public,
            public,
            bounds=lambda: _bounds(gateway),
            refused=gateway.refused,
            certificate=gateway.certificate,
        )
        inner = Listener(gateway.internal, internal, bounds=lambda: _bounds(gateway))
        try:
            await outer.start()
            await inner.start()
            gateway.begin()
            async with _renewed(gateway.certificate):
                yield addresses
        finally:
            # Health and metrics are told until the last client's answer is out.
            gateway.context.draining = True
            drain = gateway.context.table.policy.drain
            gateway.context.metrics.counter("cutover_cut_total").value += await outer.stop(drain)
            await inner.stop(min(drain, _COPIES))
            await gateway.close()


def _bounds(gateway: Gateway) -> Bounds:
    policy = gateway.context.table.policy
    return bounds_of(policy.connections, policy.clients)


@asynccontextmanager
async def _renewed(certificate: Certificate | None) -> AsyncIterator[None]:
    """The certificate is loaded again whenever its files have changed."""
    following = asyncio.create_task(certificate.follow()) if certificate else None
    try:
        yield
    finally:
        if following:
            following.cancel()


def run(
    table: RouteTable,
    settings: Settings,
    store_path: Path,
    *,
    reread: Callable[[], RouteTable] | None = None,
    parts: Parts | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends at once (exit code 128 + its number).

    At SIGHUP the table that `reread` gives replaces the one served; without it SIGHUP ends the process. `parts`
    replaces steps of the spine; only tests and the demo's seeded defect give it.

    Raises:
        ConfigError: the store cannot be used, or an address cannot be read.
        UnreachableError: an address is taken.
    """
    _raise_file_limit()
    stop, hangup = _Stop(), Hangup() if reread else None
    watch = FlagWatch(store_path, "gateway", table.policy.listen)
    gateway = build_app(table, settings, lambda: watch.snapshot, parts=parts)
    gateway.context.stale = lambda: watch.stale
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(
                _run(gateway, watch, stop, partial(hangup.follow, gateway, reread) if hangup and reread else None)
            )
    except asyncio.CancelledError:
        raise SystemExit(stop.code) from None
    finally:
        stop.restore()
        if hangup:
            hangup.restore()


async def _run(
    gateway: Gateway, watch: FlagWatch, stop: _Stop, reloading: Callable[[], Coroutine[None, None, None]] | None
) -> None:
    policy = gateway.context.table.policy
    stop.attach()
    async with serving(gateway, policy.listen, policy.internal_listen) as addresses:
        watch.start()
        gateway.prime()
        before = gc.get_threshold()
        _settle()
        try:
            sys.stdout.write(f"gateway ready: public {addresses.public}, internal {addresses.internal}\n")
            sys.stdout.flush()
            async with asyncio.TaskGroup() as tasks:
                follower = tasks.create_task(reloading()) if reloading else None
                await stop.event.wait()
                if follower:
                    follower.cancel()
        finally:
            _unsettle(before)
            await asyncio.to_thread(watch.stop)


def _settle() -> None:
    """What is there now stays: the garbage collector need not look at it again, nor as often at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def _unsettle(thresholds: tuple[int, int, int]) -> None:
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def _raise_file_limit() -> None:
    # Each connection is a file, at the service's side another: the usual soft limit of 1024 is no number of clients.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Stop:
    """Catches the stopping signals from before the loop exists; the second one cancels everything."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.code = 0
        self._asked = False
        self._task: asyncio.Task[None] | None = None
        self._before = {number: signal.signal(number, lambda number, _: self._ask(number)) for number in _SIGNALS}

    def attach(self) -> None:
        """From now on signals arrive through the running loop."""
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._ask, number)
        if self._asked:
            self.event.set()

    def restore(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._before.items():
            with contextlib.suppress(TypeError):
                signal.signal(number, handler)

    def _ask(self, number: int) -> None:
        if self._asked and self._task is not None:
            self.code = 128 + number
            self._task.cancel()
        self._asked = True
        if self._task is not None:
            self.event.set()
