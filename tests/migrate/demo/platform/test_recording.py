"""The stand-in platform against the recording of the real one: all 297 exchanges in order."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

import pyotp
import pytest
from websockets.sync.client import connect

from migrate.demo.platform import Platform, Seed, running

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDING = Path(__file__).parents[5] / "shared/platform/dashboard-session.har"
PORTS = {
    8000: "filtration",
    8001: "inference",
    8080: "orchestration",
    8003: "data",
    8002: "guardrail",
    3000: "sidecar",
}

# What legitimately differs from the recording, by name, and why.
MEASURED = {
    "latency_ms": "the time this machine takes",
    "avg": "a mean of such times",
    "avg_latency_ms": "likewise",
    "ttft_ms": "the time to the first token",
    "tokens_per_second": "tokens over such a time",
    "avg_tokens_per_second": "a mean of such rates",
    "requests_per_minute": "requests over such times",
}
MADE = {
    "id": "the fake model derives its answers' ids from the prompt in its own way",
    "secret": "random at every setup",
    "qr_code": "a picture of that secret",
    "token": "random for every invitation",
    "invite_link": "ends with that token",
    "secret_key": "random for every key",
    "prefix": "the start of that key",
    "key_prefix": "likewise",
    "access_token": "signed with another time",
    "refresh_token": "likewise",
}
VALUES_DIFFER = {
    "date": "the time of the answer",
    "x-request-id": "random unless the client names one",
    "x-trace-id": "likewise",
    "x-processing-time-ms": "a time",
    "content-length": "follows the body; checked against it",
    "sec-websocket-accept": "follows the client's key",
}
LINES = 5  # of a running job's endless log; the recording has 39, one every 100 ms

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class Answer:
    """One answer off the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class Meaning:
    """What a recorded text is called here."""

    known: dict[str, str] = field(default_factory=dict)
    totp_secret: str = ""

    def learn(self, recorded: str, ours: str) -> None:
        """Remember a pair, once."""
        self.known.setdefault(recorded, ours)

    def translate(self, text: str) -> str:
        """A recorded text with every known part replaced, longest first."""
        for recorded in sorted(self.known, key=len, reverse=True):
            text = text.replace(recorded, self.known[recorded])
        return text


def entries() -> list[dict[str, Any]]:
    """The recording's exchanges, or a skip."""
    if not RECORDING.is_file():
        pytest.skip(f"the recording is not at {RECORDING}")
    found: list[dict[str, Any]] = json.loads(RECORDING.read_text())["log"]["entries"]
    return found


def sent(entry: dict[str, Any]) -> Any:
    """The JSON that a request carried."""
    return json.loads(entry["request"]["postData"]["text"])


def got(entry: dict[str, Any]) -> Any:
    """The JSON that an answer carried."""
    return json.loads(entry["response"]["content"]["text"])


def first(recording: list[dict[str, Any]], path: str, status: int = 200, method: str = "GET") -> dict[str, Any]:
    """The first exchange with this path."""
    return next(
        entry
        for entry in recording
        if urlsplit(entry["request"]["url"]).path.startswith(path)
        and (entry["request"]["method"], entry["response"]["status"]) == (method, status)
    )


def seed_of(recording: list[dict[str, Any]]) -> Seed:
    """The recording's own ids and credentials, found by what they are for."""
    logins = [entry for entry in recording if entry["request"]["url"].endswith("/auth/login")]
    good = [entry for entry in logins if entry["request"]["method"] == "POST" and entry["response"]["status"] == 200]
    member, admin = sent(good[0]), sent(good[1])
    users = {row["role"]: row["id"] for row in got(first(recording, "/management/users"))}
    external, live, done = got(first(recording, "/deployment/deployments"))["deployments"]
    pools = got(first(recording, "/deployment/listPools/cef"))["pools"]
    key = got(first(recording, "/management/api-keys"))[0]
    invitation = got(first(recording, "/management/invitations"))["invitations"][0]
    status = got(first(recording, f"/deployment/status/{external['deployment_id']}"))
    authorization = next(h["value"] for h in recording[0]["request"]["headers"] if h["name"] == "Authorization")
    return Seed(
        organisation=external["org_id"],
        admin=users["admin"],
        admin_email=admin["username"],
        admin_password=admin["password"],
        member=users["member"],
        member_email=member["username"],
        member_password=member["password"],
        api_key_id=key["id"],
        api_key=authorization.removeprefix("Bearer "),
        pool=pools[0]["pool_id"],
        second_pool=pools[1]["pool_id"],
        running_deployment=live["deployment_id"],
        stopped_deployment=done["deployment_id"],
        external_deployment=external["deployment_id"],
        upstream_key=status["configuration"]["api_key"],
        invitee_email=invitation["email"],
        invitation=invitation["id"],
        invitation_token=invitation["token"],
        foreign=False,
    )


class Replay:
    """Plays recorded requests against a platform, one keep-alive connection per service."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.meaning = Meaning()
        self._connections: dict[str, http.client.HTTPConnection] = {}
        for port, service in PORTS.items():
            self.meaning.learn(f"ws://127.0.0.1:{port}", platform.urls[service].replace("http", "ws"))

    def play(self, entry: dict[str, Any]) -> Answer:
        """Send what was recorded, in this platform's terms."""
        request = entry["request"]
        url = urlsplit(request["url"])
        target = self.meaning.translate(url.path + ("?" + _shifted(url.query) if url.query else ""))
        text = (request.get("postData") or {}).get("text", "")
        body = self._with_code(self.meaning.translate(text)).encode()
        service = PORTS[url.port or 80]
        connection = self._connections.get(service) or self._connect(service)
        connection.putrequest(request["method"], target, skip_host=True, skip_accept_encoding=True)
        for header in request["headers"]:
            name = header["name"].lower()
            value = str(len(body)) if name == "content-length" else self.meaning.translate(header["value"])
            connection.putheader(header["name"], value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    def closed_silently(self, entry: dict[str, Any], answer: Answer) -> bool:
        """Whether the server closed the connection of this answer, which did not say so; drops it if so."""
        service = PORTS[urlsplit(entry["request"]["url"]).port or 80]
        connection = self._connections[service]
        assert ("connection", "close") not in answer.headers
        assert connection.sock is not None
        connection.sock.settimeout(5 if answer.status == 500 else 0)
        try:
            closed = connection.sock.recv(1) == b""
        except BlockingIOError:
            closed = False
        connection.sock.settimeout(10)
        if closed:
            del self._connections[service]
            connection.close()
        return closed

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections.values():
            connection.close()

    def _connect(self, service: str) -> http.client.HTTPConnection:
        address = urlsplit(self.platform.urls[service])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        self._connections[service] = connection
        return connection

    def _with_code(self, text: str) -> str:
        if '"totp_code"' not in text or '"000000"' in text:
            return text
        return re.sub(r'"totp_code":"\d+"', f'"totp_code":"{pyotp.TOTP(self.meaning.totp_secret).now()}"', text)


def _shifted(query: str) -> str:
    """A query whose span of time ends now and is as long as the recorded one."""
    if "end_time" not in query:
        return query
    pairs = parse_qsl(query)
    shift = datetime.now(UTC) - datetime.fromisoformat(dict(pairs)["end_time"])
    shifted = []
    for name, value in pairs:
        text = (datetime.fromisoformat(value) + shift).isoformat() if name.endswith("_time") else value
        shifted.append(f"{name}={quote(text)}")
    return "&".join(shifted)


def differences(recorded: Any, ours: Any, meaning: Meaning, name: str = "", path: str = "$") -> Iterator[str]:
    """Where two JSON values differ in keys, order, type, length or value, after what is allowed to."""
    if type(recorded) is not type(ours):
        yield f"{path}: {recorded!r:.80} became {ours!r:.80}"
    elif isinstance(recorded, dict):
        if list(recorded) != list(ours):
            yield f"{path}: keys {list(recorded)} became {list(ours)}"
        for key in recorded.keys() & ours.keys():
            yield from differences(recorded[key], ours[key], meaning, key, f"{path}.{key}")
    elif isinstance(recorded, list):
        if len(recorded) != len(ours):
            yield f"{path}: {len(recorded)} items became {len(ours)}"
        for index, (left, right) in enumerate(zip(recorded, ours, strict=False)):
            yield from differences(left, right, meaning, name, f"{path}[{index}]")
    elif isinstance(recorded, str):
        if not same_text(recorded, ours, meaning, name):
            yield f"{path}: {recorded!r} became {ours!r}"
    elif recorded != ours and name not in MEASURED:
        yield f"{path}: {recorded!r} became {ours!r}"


def same_text(recorded: str, ours: str, meaning: Meaning, name: str) -> bool:
    """Equal, or named differently here, or a time in the same form."""
    if meaning.translate(recorded) == ours:
        return True
    if recorded in meaning.known:
        return False
    before, after = STAMP.fullmatch(recorded), STAMP.fullmatch(ours)
    if before and after:
        return bool(before[1]) == bool(after[1])
    if named_here(recorded, ours, name):
        meaning.learn(recorded, ours)
        return not recorded.startswith("ey") or claims(recorded) == claims(ours)
    return False


def named_here(recorded: str, ours: str, name: str) -> bool:
    """Whether a text is one that every platform makes for itself: two ids, or two secrets of one form."""
    if UUID.fullmatch(recorded) and UUID.fullmatch(ours):
        return True
    return name in MADE and (recorded[:3] == ours[:3] or len(recorded) == len(ours))


def claims(token: str) -> Any:
    """A JWT's header and claims; of times only the distance from issue to expiry."""
    head, payload = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    payload["exp"] -= payload["iat"]
    payload["iat"] = 0
    return head, list(payload.items())


def body_differences(recorded: str, answer: Answer, meaning: Meaning) -> list[str]:
    """Differences of two bodies: event by event for a stream, as JSON where both are, else byte for byte."""
    ours = answer.body.decode()
    if recorded.startswith("data: "):
        events = [text.split("\n\n") for text in (recorded, ours)]
        if len(events[0]) != len(events[1]):
            return [f"{len(events[0])} events became {len(events[1])}"]
        return [found for pair in zip(*events, strict=True) for found in event_differences(*pair, meaning)]
    try:
        return list(differences(json.loads(recorded), json.loads(ours), meaning))
    except ValueError:
        return [] if recorded == ours else [f"body {recorded!r:.80} became {ours!r:.80}"]


def event_differences(recorded: str, ours: str, meaning: Meaning) -> Iterator[str]:
    """Differences of two server-sent events."""
    if recorded.startswith("data: {"):
        yield from differences(json.loads(recorded[6:]), json.loads(ours[6:]), meaning)
    elif recorded != ours:
        yield f"event {recorded!r} became {ours!r}"


def header_differences(recorded: list[dict[str, str]], answer: Answer) -> list[str]:
    """Header names in order, and every value that is not the time's or chance's.

    Case is left out: the recorded sidecar is Express and writes `Content-Type`, uvicorn writes `content-type`.
    """
    before = [(header["name"].lower(), header["value"]) for header in recorded]
    names = [name for name, _ in before], [name.lower() for name, _ in answer.headers]
    if names[0] != names[1]:
        return [f"headers {names[0]} became {names[1]}"]
    length = dict(zip(names[1], (value for _, value in answer.headers), strict=True)).get("content-length")
    if length not in (None, str(len(answer.body))):
        return [f"content-length says {length} over {len(answer.body)} bytes"]
    return [
        f"{name}: {left} became {right}"
        for (name, left), (_, right) in zip(before, answer.headers, strict=True)
        if left != right and name not in VALUES_DIFFER
    ]


def wait_until_settled(platform: Platform, recorded: str) -> None:
    """Where the recorded list shows no deployment on its way, let ours arrive as well."""
    if '"deployments":' not in recorded or "TERMINATING" in recorded:
        return
    address = urlsplit(platform.urls["orchestration"])
    deadline = time.monotonic() + 5
    settled = False
    while not settled and time.monotonic() < deadline:
        with contextlib.closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
            connection.request("GET", "/deployment/deployments")
            settled = b"TERMINATING" not in connection.getresponse().read()


def conversation(replay: Replay, entry: dict[str, Any]) -> list[str]:
    """Play a recorded WebSocket: same frames in the same order, handshake with the same header names."""
    frames = [frame for frame in entry["_webSocketMessages"] if frame["type"] == "receive"][:LINES]
    opening = next(frame["data"] for frame in entry["_webSocketMessages"] if frame["type"] == "send")
    address = replay.platform.urls["sidecar"].replace("http", "ws") + urlsplit(entry["request"]["url"]).path
    with connect(address, open_timeout=5, proxy=None) as socket:
        socket.send(replay.meaning.translate(opening))
        received = [socket.recv(timeout=5) for _ in frames]
        assert socket.response is not None
        names = sorted(name.lower() for name, _ in socket.response.headers.raw_items())
    wanted = sorted(header["name"].lower() for header in entry["response"]["headers"])
    found = [] if names == wanted else [f"headers {wanted} became {names}"]
    return found + [f"{a['data']} became {b!r}" for a, b in zip(frames, received, strict=True) if a["data"] != b]


@pytest.fixture(scope="module")
def played() -> dict[int, list[str]]:
    """Every exchange's differences by its number; the whole session is played once."""
    recording = entries()
    found: dict[int, list[str]] = {}
    with running(seed=seed_of(recording), settle_seconds=0.5) as platform:
        replay = Replay(platform)
        for number, entry in enumerate(recording):
            found[number] = exchange_differences(replay, entry)
        replay.close()
    return found


def exchange_differences(replay: Replay, entry: dict[str, Any]) -> list[str]:
    """Differences of one exchange, and the connection's fate."""
    if "_webSocketMessages" in entry:
        return conversation(replay, entry)
    recorded = entry["response"]
    text = recorded["content"].get("text", "")
    wait_until_settled(replay.platform, text)
    answer = replay.play(entry)
    found = [] if answer.status == recorded["status"] else [f"{recorded['status']} became {answer.status}"]
    found += header_differences(recorded["headers"], answer)
    found += body_differences(text, answer, replay.meaning)
    if entry["request"]["url"].endswith("/totp/setup") and entry["request"]["method"] == "POST":
        replay.meaning.totp_secret = json.loads(answer.body)["secret"]
    if replay.closed_silently(entry, answer) != (answer.status == 500):
        found.append(
            "the connection was closed" if answer.status != 500 else "the connection stayed open after a 500"
        )
    return found


def test_every_exchange_is_answered_as_recorded(played: dict[int, list[str]]) -> None:
    """Status, headers, body and connection of all 297 exchanges are the recording's, in order."""
    assert len(played) == 297
    assert {number: found for number, found in played.items() if found} == {}


@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"detail": "Not Found"}, {"detail": "not found"}),
        ({"at": "2026-01-01T00:00:00"}, {"at": "2026-01-01T00:00:00Z"}),
        ({"at": "2026-01-01T00:00:00.100000"}, {"at": "2026-01-01T00:00:00"}),
        ({"latency_ms": 3}, {"latency_ms": None}),
    ],
)
def test_the_comparison_sees_what_matters(recorded: Any, ours: Any) -> None:
    """Order of keys, extra keys, types, lengths, texts and the form of times are differences."""
    assert list(differences(recorded, ours, Meaning()))


def test_the_comparison_holds_a_name_to_its_first_meaning() -> None:
    """A recorded id that was learnt as one of ours cannot become another one later."""
    meaning = Meaning()
    ids = [f"0000000{number}-0000-4000-8000-000000000000" for number in range(3)]
    assert not list(differences({"id": ids[0]}, {"id": ids[1]}, meaning))
    assert list(differences({"id": ids[0]}, {"id": ids[2]}, meaning))
