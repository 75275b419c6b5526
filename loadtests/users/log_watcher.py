"""The log watcher: asks where a deployment's log streams, opens that WebSocket, subscribes, reads for a while."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from loadtests.catalogue import LOG_STREAM, SOCKET, socket_route
from loadtests.personas import DEPLOYMENTS
from loadtests.results import GATEWAY
from loadtests.users.platform_user import PlatformUser

if TYPE_CHECKING:
    from loadtests.users.platform_user import Answer

FIRST_LINE = "first_line"
LONGEST_GAP = "longest_gap"
_PATIENCE = 10.0
_END = "--- END OF HISTORICAL LOGS ---"


def watch(user: PlatformUser, answer: Answer | None, seconds: float) -> bool:
    """Follow the log that a descriptor names, counted as one answer; False when there is nothing to follow."""
    where = _described(answer)
    if where is None:
        return False
    route = socket_route(user.load.prepared.table)
    place = user.load.place(route)
    address = _address(user, where["ws_url"], place.side)
    began, trouble, timings, opened = time.perf_counter(), "", {}, 0.0
    try:
        with connect(address, open_timeout=_PATIENCE, close_timeout=1, proxy=None) as socket:
            opened = time.perf_counter() - began
            socket.send(json.dumps(where["subscription"]))
            timings = _read(socket, seconds)
    except (OSError, WebSocketException) as error:
        trouble = f"no log: {type(error).__name__}"
        opened = opened or time.perf_counter() - began
    user.environment.events.request.fire(
        request_type="WS",
        name=user.label(place),
        response_time=opened * 1000,
        response_length=0,
        exception=RuntimeError(trouble) if trouble else None,
        context={"place": place, "timings": timings},
    )
    return True


class LogWatcher(PlatformUser):
    """Somebody who has a deployment's log open. Its answer time is that of opening the socket."""

    def on_start(self) -> None:
        """Learn which deployments have a log stream; external ones and those without a node have none."""
        self.ask(DEPLOYMENTS, self.variables(), counted=False)
        self.known["deployment"] = streaming(self)
        if not self.known["deployment"]:
            self.load.skip(socket_route(self.load.prepared.table), "not opened, no deployment has a log stream")

    def open(self) -> None:
        """Watch one deployment's log."""
        if self.known["deployment"]:
            watch(self, self.ask(LOG_STREAM, self.variables()), random.uniform(2.0, 6.0) * self.load.plan.think)


def streaming(user: PlatformUser) -> tuple[str, ...]:
    """The known deployments whose descriptor names a socket; asked for one by one, uncounted."""
    found = []
    for deployment in user.known.get("deployment", ()):
        answer = user.ask(LOG_STREAM, {**user.variables(), "deployment": deployment}, counted=False)
        if _described(answer):
            found.append(deployment)
    return tuple(found)


def _described(answer: Answer | None) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.body) if answer and answer.ok else {}
    except ValueError:
        return None
    return found if isinstance(found, dict) and "ws_url" in found else None


def _address(user: PlatformUser, told: str, side: str) -> str:
    """The socket's address: as the answer names it on the gateway; on legacy the sidecar's, as the dashboard does.

    Where the load test was sent to another host than the one configured, the socket goes there too.
    """
    parts, bases = urlsplit(told), user.load.prepared.bases
    base = urlsplit(bases[GATEWAY] if side == GATEWAY else bases[SOCKET.service])
    scheme = "wss" if base.scheme == "https" else "ws"
    return urlunsplit((scheme, base.netloc, parts.path, parts.query, ""))


def _read(socket: ClientConnection, seconds: float) -> dict[str, float]:
    """Read until the log ends or the time is up; milliseconds to the first line and of the longest silence.

    Raises:
        WebSocketException: the socket was closed, or the platform sent an error.
        TimeoutError: no line came.
    """
    began = last = time.perf_counter()
    timings: dict[str, float] = {}
    while (left := began + seconds - time.perf_counter()) > 0 or not timings:
        try:
            frame = json.loads(socket.recv(timeout=max(left, 0.0) if timings else _PATIENCE))
        except TimeoutError:
            if timings:
                break
            raise
        now = time.perf_counter()
        if frame.get("type") == "error":
            raise WebSocketException("the log answered an error")
        timings.setdefault(FIRST_LINE, (now - began) * 1000)
        timings[LONGEST_GAP] = max(timings.get(LONGEST_GAP, 0.0), (now - last) * 1000)
        last = now
        if _END in str(frame.get("data")):
            break
    return timings


LogWatcher.tasks = [LogWatcher.open]
