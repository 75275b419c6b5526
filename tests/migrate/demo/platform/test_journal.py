"""The journal of deliveries."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import httpx

from migrate.demo.platform.journal import Journal, Journalled

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from migrate.demo.platform import Platform


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the body it read."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def ask(app: Any, method: str, target: str, **given: Any) -> httpx.Response:
    """One request in process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://j.test") as client:
        return await client.request(method, target, **given)


async def test_a_request_is_noted_whole_and_passed_on_whole() -> None:
    """Method, raw target, headers and the body's digest are kept, and the service reads the same body."""
    journal = Journal()
    answer = await ask(
        Journalled(echo, "data", journal), "POST", "/a%2Fb?x=%2B&x=2", content=b"hello", headers={"X-A": "1"}
    )
    assert answer.content == b"hello"
    (entry,) = journal.entries()
    assert (entry["service"], entry["method"], entry["target"]) == ("data", "POST", "/a%2Fb?x=%2B&x=2")
    assert (entry["body_bytes"], entry["body_sha256"]) == (5, hashlib.sha256(b"hello").hexdigest())
    assert ["x-a", "1"] in entry["headers"]


async def test_it_is_noted_before_it_is_handled() -> None:
    """A service that fails has been delivered to all the same."""

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    journal = Journal()
    app = httpx.ASGITransport(Journalled(failing, "data", journal), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=app, base_url="http://j.test") as client:
        assert (await client.get("/")).status_code == 500
    assert len(journal.entries()) == 1


async def test_a_body_cut_short_has_no_digest() -> None:
    """When the client leaves in mid-body, the delivery counts and says that its body never was whole."""
    journal = Journal()
    messages: list[Message] = [
        {"type": "http.request", "body": b"hal", "more_body": True},
        {"type": "http.disconnect"},
    ]
    seen: list[Message] = []

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        seen.extend([await receive(), await receive()])

    async def receive() -> Message:
        return messages.pop(0)

    async def send(_message: Message) -> None:
        raise AssertionError

    scope: Scope = {"type": "http", "method": "POST", "raw_path": b"/", "query_string": b"", "headers": []}
    await Journalled(app, "data", journal)(scope, receive, send)
    assert [message["type"] for message in seen] == ["http.request", "http.disconnect"]
    assert (journal.entries()[0]["body_bytes"], journal.entries()[0]["body_sha256"]) == (3, None)


async def test_old_entries_leave_and_numbers_stay() -> None:
    """The journal is bounded; numbers go on counting, and `since` asks for what is new."""
    journal = Journal(kept=2)
    app = Journalled(echo, "data", journal)
    for _ in range(3):
        await ask(app, "GET", "/")
    assert [entry["number"] for entry in journal.entries()] == [2, 3]
    assert [entry["number"] for entry in journal.entries(since=2)] == [3]
    journal.clear()
    assert journal.entries() == []


def test_a_running_platform_keeps_the_order_across_services(platform: Platform) -> None:
    """Deliveries of several services stand in the order they were made in, refused ones too."""
    platform.forget()
    for service, path in (("data", "/health"), ("filtration", "/auth/me"), ("sidecar", "/nope"), ("data", "/health")):
        httpx.get(platform.urls[service] + path, trust_env=False)
    entries = platform.deliveries()
    assert [(entry["service"], entry["target"]) for entry in entries] == [
        ("data", "/health"),
        ("filtration", "/auth/me"),
        ("sidecar", "/nope"),
        ("data", "/health"),
    ]
    assert [entry["number"] for entry in platform.deliveries(since=2)] == [3, 4]
