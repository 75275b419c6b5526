"""The API client: asks for completions with an API key, whole and streamed."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from geventhttpclient.response import HTTPConnectionClosed

from loadtests.cadence import Cadence
from loadtests.calls import ready
from loadtests.catalogue import CHAT, MODELS, OWN_MODELS
from loadtests.users.platform_user import PlatformUser

STREAMED = replace(CHAT, body={**CHAT.body, "stream": True, "stream_options": {"include_usage": True}})
_EVENTS = "text/event-stream"


class ApiClient(PlatformUser):
    """A program with an API key. Streams are read to their end; their cadence is told beside the whole time."""

    def on_start(self) -> None:
        """Learn which models the organisation runs, and list them as clients do."""
        self.ask(OWN_MODELS, self.variables(), counted=False)
        self.ask(MODELS, self.variables())

    def complete(self) -> None:
        """Ask for a whole answer."""
        if self.ask(CHAT, self.variables()) is None:
            self._nothing()

    def stream(self) -> None:
        """Ask for a streamed answer, and take down when its pieces came."""
        prepared = ready(self.load.prepared.table, STREAMED, self.variables())
        if prepared is None:
            self._nothing()
            return
        place = self.load.place(prepared.route.id)
        request = prepared.at(place.side)
        headers = {"Accept": _EVENTS, **dict(request.headers), **self.credentials(prepared.route)}
        address = self.load.address(prepared, place.side)
        began, cadence = time.perf_counter(), Cadence()
        with self.sent(request.method, address, place, headers=headers, data=request.body, stream=True) as response:
            trouble = self.trouble(response, STREAMED)
            if not trouble and not response.headers.get("content-type", "").startswith(_EVENTS):
                trouble = "no event stream"
            if not trouble:
                trouble = _followed(response, cadence, began)
            response.request_meta["response_time"] = (time.perf_counter() - began) * 1000
            response.request_meta["context"]["timings"] = {} if trouble else cadence.timings
            if trouble:
                response.failure(trouble)

    def _nothing(self) -> None:
        self.load.skip(f"{CHAT.service} chat", "not asked, the organisation runs no model")

    def act(self) -> None:
        """Two streams for each whole answer."""
        random.choice((self.complete, self.stream, self.stream))()


def _followed(response: object, cadence: Cadence, began: float) -> str:
    raw = response._response  # type: ignore[attr-defined]  # noqa: SLF001 - locust has no reader by lines
    try:
        while line := raw.readline(b"\n"):
            cadence.line(line, time.perf_counter() - began)
    except (OSError, HTTPConnectionClosed) as error:
        return f"the stream broke: {type(error).__name__}"
    return cadence.trouble


ApiClient.tasks = [ApiClient.act]
