"""The sidecar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from migrate.demo.platform.sidecar import etag

if TYPE_CHECKING:
    from migrate.demo.platform import Platform


def opened(platform: Platform, path: str) -> ClientConnection:
    """A WebSocket to the sidecar."""
    return connect(platform.urls["sidecar"].replace("http", "ws") + path, open_timeout=5, proxy=None)


def subscribe(socket: ClientConnection, job: str) -> None:
    """Ask for a job's log."""
    message = {"type": "subscribe_logs", "provider": "nosana", "jobId": job, "nodeAddress": "node1"}
    socket.send(json.dumps(message))


def heard(socket: ClientConnection) -> Any:
    """The next message."""
    return json.loads(socket.recv(timeout=5))


def test_the_tag_is_express_s() -> None:
    """Length in hex and 27 characters of SHA-1."""
    assert etag(b"") == 'W/"0-2jmj7l5rSw0yVb/vlWAYkK/YBwk"'


def test_health_is_cached_by_its_tag(platform: Platform) -> None:
    """The second look with the tag is a 304 without a body."""
    url = platform.urls["sidecar"] + "/health"
    answer = httpx.get(url, trust_env=False)
    assert answer.headers["x-powered-by"] == "Express"
    again = httpx.get(url, headers={"If-None-Match": answer.headers["etag"]}, trust_env=False)
    assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_path_is_express_s_page(platform: Platform) -> None:
    """404 is HTML and names method and path, escaped."""
    answer = httpx.get(platform.urls["sidecar"] + "/%3Cnope%3E", trust_env=False)
    assert answer.status_code == 404
    assert "Cannot GET /%3Cnope%3E" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/nosana", "/", "/any/where?x=1"])
def test_any_path_streams_a_running_job(platform: Platform, path: str) -> None:
    """Lines keep coming, numbered from one."""
    with opened(platform, path) as socket:
        subscribe(socket, "job-7")
        lines = [heard(socket)["data"]["log"] for _ in range(3)]
    assert lines == [f"[job-7@node1] line {number}" for number in (1, 2, 3)]


def test_a_finished_job_shows_its_history_and_stays_open(platform: Platform) -> None:
    """After the last line of history the socket still answers a new subscription."""
    with opened(platform, "/nosana") as socket:
        subscribe(socket, "done-1")
        lines = [heard(socket)["data"] for _ in range(4)]
        assert lines[-1] == "[SYSTEM] --- END OF HISTORICAL LOGS ---"
        subscribe(socket, "done-1")
        assert heard(socket)["data"] == lines[0]


@pytest.mark.proof
@pytest.mark.parametrize("text", ["nonsense", "[]", '{"type":"other"}', '{"type":"subscribe_logs"}'])
def test_a_message_that_is_no_subscription_is_answered_with_an_error(platform: Platform, text: str) -> None:
    """The error is a message; the socket stays open."""
    with opened(platform, "/nosana") as socket:
        socket.send(text)
        assert heard(socket)["type"] == "error"
        subscribe(socket, "done-1")
        assert heard(socket)["type"] == "log"
