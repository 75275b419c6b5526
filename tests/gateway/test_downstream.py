"""The middleware of a service behind the gateway; real servers are in hostile/test_downstream_served.py."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.caller import Caller
from gateway.context import HandOff
from gateway.downstream import Downstream, Replays, Verified, main, master_key, service_key

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path

MASTER = b"c" * 32
KEY = service_key(MASTER, "orders")
NOW = 1_000_000.0
USER = Caller("jwt", "u", "o", ("admin", "member"))


class Service:
    """An application behind the middleware; says what it was asked."""

    def __init__(self, **options: Any) -> None:
        self.now = NOW
        self.seen: list[MutableMapping[str, Any]] = []
        given: dict[str, Any] = {"service": "orders", "keys": KEY, **options}
        self.guarded = Downstream(self._serve, clock=lambda: self.now, **given)

    async def _serve(self, scope: MutableMapping[str, Any], _receive: object, _send: object) -> None:
        self.seen.append(scope)

    async def ask(
        self, *headers: tuple[bytes, bytes], method: str = "GET", path: bytes = b"/a%2Fb", **changes: Any
    ) -> str:
        """`ok` when the application was reached, else the reason of the 401."""
        sent: list[MutableMapping[str, Any]] = []
        scope = {"type": "http", "method": method, "path": "/a/b", "raw_path": path, "headers": headers, **changes}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "websocket.connect"}

        before = len(self.seen)
        await self.guarded(scope, receive, send)
        if not sent:
            assert len(self.seen) == before + 1
            return "ok"
        assert len(self.seen) == before
        self.sent = sent
        if sent[0]["type"] == "websocket.close":
            return f"{sent[0]['code']} {sent[0]['reason']}"
        assert sent[0]["status"] == 401
        body = sent[1]["body"]
        return str(json.loads(body)["reason"]).removeprefix("context-") if body else ""


def signed(
    method: str = "GET", path: str = "/a%2Fb", *, now: float = NOW, service: str = "orders", master: bytes = MASTER
) -> tuple[bytes, bytes]:
    """The header as the gateway sets it."""
    value = HandOff("k", master, lambda: now).signed(USER, service, method, path)
    return (b"cutover-context", value.encode())


def forged(key: str = KEY, algorithm: str = "HS256", typ: str | None = "cutover-context+jwt", **changes: Any) -> Any:
    """A context of somebody's own making; None drops a claim."""
    claims = {"iss": "cutover", "aud": "orders", "htm": "GET", "path": "/a%2Fb", "jti": "1", "sub": "u"}
    claims |= {"iat": int(NOW), "exp": int(NOW) + 30, **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return (b"cutover-context", jwt.encode(kept, key, algorithm=algorithm, headers={"typ": typ}).encode())


async def test_the_gateways_own_context_passes_once() -> None:
    """The verified caller stands in the scope's state and in the identity headers; the context itself is gone."""
    service, context = Service(), signed()
    assert await service.ask((b"x-user-id", b"evil"), (b"X_User_ID", b"evil"), (b"accept", b"*/*"), context) == "ok"
    scope = service.seen[0]
    assert scope["state"]["cutover"] == Verified("jwt", "u", "o", ("admin", "member"))
    assert scope["headers"] == [
        (b"accept", b"*/*"),
        (b"x-user-id", b"u"),
        (b"x-organization-id", b"o"),
        (b"x-user-role", b"admin,member"),
    ]
    assert await service.ask(context) == "replayed"


async def test_state_of_the_lifespan_stays() -> None:
    """What the application put there is not lost, and no request sees another's caller."""
    service, state = Service(), {"database": 1}
    assert await service.ask(signed(), state=state) == "ok"
    assert service.seen[0]["state"]["database"] == 1
    assert state == {"database": 1}


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (signed(method="POST"), "method"),
        (signed(path="/a/b"), "path"),
        (signed(path="/a%2fb"), "path"),
        (signed(path="/a%2Fb/"), "path"),
        (signed(path="/a%2Fb?x=1"), "path"),
        (signed(service="other"), "invalid"),
        (signed(master=b"d" * 32), "invalid"),
        (signed(now=NOW - 31), "expired"),
        (signed(now=NOW + 5), "expired"),
        (forged(aud="other"), "service"),
        (forged(aud=["orders", "other"]), "ok"),
        (forged(iss="me"), "invalid"),
        (forged(exp=int(NOW) + 3600), "expired"),
        (forged(exp=None), "invalid"),
        (forged(jti=None), "invalid"),
        (forged(path=None), "invalid"),
        (forged(htm=None), "invalid"),
        (forged(roles="admin"), "invalid"),
        (forged(roles=[1]), "invalid"),
        (forged(org=7), "invalid"),
        (forged(iat=True), "invalid"),
        (forged(typ="JWT"), "invalid"),
        (forged(typ=None), "invalid"),
        (forged(algorithm="HS512", key=KEY), "invalid"),
        (forged(key="0" * 64), "invalid"),
        ((b"cutover-context", b"eyJhbGciOiJub25lIn0.e30."), "invalid"),
        ((b"cutover-context", b""), "invalid"),
        ((b"cutover-context", b"x" * 20_000), "malformed"),
        ((b"cutover_context", signed()[1]), "missing"),
        ((b"authorization", b"Bearer " + signed()[1]), "missing"),
    ],
)
async def test_anything_else_is_refused(header: tuple[bytes, bytes], reason: str) -> None:
    """Forged, foreign, expired, too long-lived, for another method, path or service: 401, and why."""
    assert await Service().ask(header) == reason


async def test_a_doubled_context_is_none() -> None:
    """Two headers are refused even when both hold."""
    assert await Service().ask(signed(), (b"Cutover-Context", signed()[1])) == "malformed"


async def test_the_answer_is_a_problem() -> None:
    """401 says that a context is asked for (RFC 9110 §15.5.2); HEAD gets no body."""
    service = Service()
    assert await service.ask() == "missing"
    headers = dict(service.sent[0]["headers"])
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"www-authenticate"] == b"Cutover-Context"
    assert await service.ask(method="HEAD") == ""


async def test_keys_change_without_a_gap() -> None:
    """While a key is replaced, contexts under either one pass; afterwards only the new one's."""
    service = Service(keys=[service_key(b"n" * 32, "orders"), KEY])
    assert await service.ask(signed()) == "ok"
    assert await service.ask(signed(master=b"n" * 32)) == "ok"
    assert await Service(keys=[service_key(b"n" * 32, "orders")]).ask(signed()) == "invalid"


async def test_exempt_paths_are_reached_by_name_only() -> None:
    """Health needs no context, but no identity passes with it; other spellings and methods are not exempt."""
    service = Service(exempt=["/health"])
    assert await service.ask((b"x-user-id", b"evil"), (b"cutover-context", b"evil"), path=b"/health") == "ok"
    assert service.seen[0]["headers"] == []
    assert "state" not in service.seen[0]
    for path in (b"/health/", b"/healt%68", b"//health", b"/health/../orders", b"/Health"):
        assert await service.ask(path=path) == "missing"
    assert await service.ask(path=b"/health", method="POST") == "missing"
    assert await service.ask(path=b"/health", type="websocket") != "ok"


async def test_a_server_that_tells_no_raw_path_is_refused() -> None:
    """Without the path as it stood on the wire nothing can be bound to it."""
    assert await Service().ask(signed(), raw_path=None) == "path"


async def test_sockets_need_a_context_too() -> None:
    """A handshake is refused before it is accepted, with 401 where the server can say so."""
    service = Service()
    scope: dict[str, Any] = {"type": "websocket", "method": "GET"}
    assert await service.ask(signed(), **scope) == "ok"
    assert await service.ask(**scope) == "1008 context-missing"
    status = [m["type"] async for m in _extended(service)]
    assert status == ["websocket.http.response.start", "websocket.http.response.body"]


async def _extended(service: Service) -> Any:
    reason = await service.ask(type="websocket", extensions={"websocket.http.response": {}})
    assert reason == "missing"
    for message in service.sent:
        yield message


async def test_lifespan_passes() -> None:
    """Starting and stopping are not requests."""
    assert await Service().ask(type="lifespan") == "ok"


async def test_clocks_may_differ_a_little() -> None:
    """One second either way passes, a context from the future does not."""
    assert await Service().ask(signed(now=NOW + 1)) == "ok"
    assert await Service().ask(signed(now=NOW - 30)) == "ok"
    assert await Service(leeway=0).ask(signed(now=NOW + 1)) == "expired"


@pytest.mark.parametrize(
    "options", [{"keys": []}, {"keys": "short"}, {"keys": [KEY, "short"]}, {"keys": ""}, {"service": ""}]
)
def test_a_middleware_that_could_not_refuse_is_not_made(options: dict[str, Any]) -> None:
    """Without keys of some length, or without a name, there is no service."""
    with pytest.raises(ValueError, match="at least 32"):
        Service(**options)


def test_replays_are_remembered_until_they_expire() -> None:
    """Memory is bounded: when it is full, nothing is new, and time makes room."""
    replays = Replays(2)
    assert replays.first_time("a", 10, 0)
    assert replays.first_time("b", 20, 0)
    assert not replays.first_time("a", 10, 1)
    assert not replays.first_time("c", 30, 1)
    assert replays.first_time("c", 30, 10)
    assert not replays.first_time("d", 30, 10)


async def test_a_full_memory_refuses() -> None:
    """More contexts than can be remembered are refused, not forgotten."""
    service = Service(capacity=1)
    assert await service.ask(signed()) == "ok"
    assert await service.ask(signed()) == "replayed"
    service.now += 40
    assert await service.ask(signed(now=service.now)) == "ok"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_it(value: bytes) -> None:
    """Whatever stands in the header is refused quietly."""
    guarded = Downstream(Service()._serve, service="orders", keys=KEY)
    with pytest.raises(Exception, match=r"invalid|malformed"):
        guarded._verified({"headers": [(b"cutover-context", value)]}, "GET")


def test_a_services_key_is_derived() -> None:
    """HKDF-SHA-256 (RFC 5869), so that one service's key says nothing of another's or of the gateway's."""
    derived = HKDF(SHA256(), 32, salt=b"cutover", info=b"context:orders").derive(MASTER)
    assert derived.hex() == KEY
    assert service_key(MASTER, "other") != KEY


def test_the_operator_gets_a_services_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the key file, or from the variable that takes its place."""
    file = tmp_path / "context.key"
    file.write_text(MASTER.hex() + "\n")
    assert main([str(file), "orders"], {}) == 0
    assert main(["-", "orders"], {"CUTOVER_CONTEXT_KEY": MASTER.hex()}) == 0
    assert capsys.readouterr().out == f"{KEY}\n{KEY}\n"


def test_a_key_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Usage is 2, a missing or short key 3; no part of a key is shown."""
    short = tmp_path / "short.key"
    short.write_text("secret-start")
    assert main([], {}) == 2
    assert main([str(tmp_path / "none"), "orders"], {}) == 3
    assert main([str(short), "orders"], {}) == 3
    assert main(["-", "orders"], {}) == 3
    told = capsys.readouterr().err
    assert "secret-start" not in told
    assert "CUTOVER_CONTEXT_KEY: " in told


def test_a_key_is_hex_or_text() -> None:
    """Both have at least 32 bytes."""
    assert master_key("ab" * 32) == bytes.fromhex("ab" * 32)
    assert master_key("z" * 32) == b"z" * 32
    with pytest.raises(ValueError, match="shorter"):
        master_key("ab" * 31)


def test_it_stands_alone(tmp_path: Path) -> None:
    """The file, copied elsewhere, runs with PyJWT and the standard library, and nothing of the gateway."""
    copy = tmp_path / "downstream.py"
    with open("gateway/downstream.py", encoding="utf-8") as source:  # noqa: PTH123 - short
        copy.write_text(source.read())
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import downstream; "
        "top = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names); "
        "print(sorted(name for name in top if not name.startswith('_') and name != 'downstream'))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert "gateway" not in run.stdout
    assert "'jwt'" in run.stdout


def test_time_is_the_real_one_unless_given() -> None:
    """The usual clock is the system's."""
    value = HandOff("k", MASTER, time.time).signed(USER, "orders", "GET", "/")
    scope = {"headers": [(b"cutover-context", value.encode())], "raw_path": b"/"}
    guarded = Downstream(Service()._serve, service="orders", keys=KEY)
    assert guarded._verified(scope, "GET").subject == "u"
