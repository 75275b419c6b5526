"""SIGHUP: the table is read again and swapped; what is wrong with it is told, and the old one keeps serving."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from gateway.core.errors import CutoverError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.app import Gateway
    from gateway.core.table import RouteTable

    Reread = Callable[[], RouteTable]

_STDIN = 0
_log = logging.getLogger("cutover.gateway")


class Hangup:
    """Catches SIGHUP from before the loop exists, so that one sent during the start is a reload and not the end.

    A terminal that goes away sends SIGHUP too: a process that was started in it stops as on SIGTERM.
    """

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._terminal = os.isatty(_STDIN)
        self._before = signal.signal(signal.SIGHUP, lambda *_: self._ask())

    def restore(self) -> None:
        """Put the former handler back."""
        signal.signal(signal.SIGHUP, self._before)

    async def follow(self, gateway: Gateway, reread: Reread) -> None:
        """Reload at each SIGHUP, one after the other; several in a row are one. Ends by being cancelled."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._ask)
        while True:
            await self._asked.wait()
            self._asked.clear()
            await reload(gateway, reread)

    def _ask(self) -> None:
        if self._terminal and not os.isatty(_STDIN):
            os.kill(os.getpid(), signal.SIGTERM)
        self._asked.set()


async def reload(gateway: Gateway, reread: Reread) -> None:
    """Read the table in a thread and swap it; says in one line on stdout what changed.

    A certificate is loaded again too, whatever becomes of the table. Anything wrong is written to stderr, one problem
    a line, and kept for health and metrics.
    """
    if gateway.certificate is not None:
        gateway.certificate.renew()
    try:
        swap = gateway.reload(await asyncio.to_thread(reread))
    except CutoverError as error:
        _refused(gateway, str(error))
    except Exception:  # noqa: BLE001 - whatever a new file brings about, the old table keeps serving
        _log.exception("the table could not be read again")
        _refused(gateway, "the table could not be read again: a fault of Cutover's own, see above")
    else:
        sys.stdout.write(f"gateway reloaded: {swap}\n")
        sys.stdout.flush()


def _refused(gateway: Gateway, problems: str) -> None:
    reloads = gateway.context.reloads
    reloads.failed(problems)
    sys.stderr.write(f"{problems}\ngateway: reload refused; table {reloads.digest} keeps serving\n")
    sys.stderr.flush()
