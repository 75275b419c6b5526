"""No secret of the recording, in any spelling, in anything that is stored."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from gateway.core.exchange import Exchange, Failure, Frame, Request, Response
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.observe import observe
from shadow.pairing import Pair
from shadow.redact import Redactor, redact
from shadow.shape import shape_of
from tests.shadow import session_secrets
from tests.shadow.cases import KEY, TABLE, answer, pair, request, setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.table import RouteTable

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJlLW9mLWl0"
PASSWORD = "correct horse"


def leaks(stored: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """The spellings of secrets that can be found in what is stored."""
    text = "\n".join(stored)
    return sorted({form for secret in secrets for form in session_secrets.spellings(secret) if form in text})


def stored(pair_: Pair, table: RouteTable = TABLE) -> str:
    """An observation as it is written to the store."""
    return json.dumps(asdict(observe(pair_, setting(table=table))), ensure_ascii=False)


def test_the_recording_has_secrets_of_every_kind() -> None:
    """The collection of secrets that the other tests look for is not empty by accident."""
    found = session_secrets.secrets(session_secrets.exchanges())
    assert len(found) > 30
    kinds = (r"sk-\w{20,}", r"eyJ[\w.-]{60,}", r"\d{6}", r"[A-Z2-7]{32}", r"\S+!", r"[^@\s]+@[a-z.]+", r"\w+ \w+.*")
    for kind in kinds:
        assert any(re.fullmatch(kind, secret) for secret in found), kind


@pytest.mark.proof
def test_no_recorded_exchange_leaks() -> None:
    """No redacted exchange of the recording holds one of its secrets."""
    recorded = session_secrets.exchanges()
    texts = [json.dumps(redact(exchange, KEY), ensure_ascii=False) for exchange in recorded]
    assert leaks(texts, session_secrets.secrets(recorded)) == []


@pytest.mark.proof
def test_no_observation_of_the_recording_leaks() -> None:
    """No observation holds a secret, also where the gateway gives another exchange's body and values differ."""
    recorded = session_secrets.exchanges()
    secrets = session_secrets.secrets(recorded)
    route = TABLE.routes[0]
    texts = []
    for exchange, other in zip(recorded, [*recorded[7:], *recorded[:7]], strict=True):
        assert isinstance(exchange.response, Response)
        assert isinstance(other.response, Response)
        tampered = replace(other.response, status=exchange.response.status, headers=exchange.response.headers)
        gateway = replace(exchange, response=tampered)
        texts.append(stored(Pair(route, exchange, gateway, "read", "live", "s", upstream=other.request)))
        texts.append(stored(Pair(route, gateway, exchange, "read", "live", "s", again=exchange)))
    assert leaks(texts, secrets) == []


def test_planted_secrets_are_found_in_every_spelling() -> None:
    """Secrets that travel URL-encoded, escaped, in base64, in odd headers and in texts are taken out too."""
    recorded = session_secrets.exchanges()
    secrets = sorted(secret for secret in session_secrets.secrets(recorded) if len(secret) > 15)
    texts = [
        stored(_planted(form)) for secret in secrets for form in session_secrets.spellings(secret) if _own_look(form)
    ]
    assert leaks(texts, [secret for secret in secrets if _own_look(secret)]) == []


def _own_look(secret: str) -> bool:
    return " " not in secret and "%" not in secret


def _planted(secret: str) -> Pair:
    asked = request(
        "POST",
        f"/items?next={quote(secret, safe='')}",
        ("X-Odd", secret),
        ("Referer", f"http://page/?token={secret}"),
        ("Cookie", f"a={secret}"),
        body={"note": secret, "deep": [{"url": f"http://x/?q={secret}"}]},
    )
    text = answer(f"broken: {secret}", ("content-type", "text/plain"), ("x-echo", secret))
    return pair(answer({"detail": f"Provider error: {secret}", secret: 1}), text, asked=asked)


def test_a_password_is_taken_out_of_every_echo() -> None:
    """A password known from the request's body is also gone from free text, lists of errors, and member names."""
    asked = request("POST", "/auth/login", body={"username": "u", "password": PASSWORD})
    legacy = answer(
        {"detail": [{"loc": ["body"], "input": {"password": PASSWORD}, "msg": f"bad {PASSWORD}"}]}, status=422
    )
    text = stored(pair(legacy, answer({"detail": f"no: {quote(PASSWORD)}", PASSWORD: 1}, status=422), asked=asked))
    assert leaks([text], [PASSWORD]) == []
    assert "[dropped]" in text


def test_fingerprints_can_be_compared() -> None:
    """The same token gives the same fingerprint wherever it stands, and another one another."""
    one, other = (redact(_exchange(("Authorization", f"Bearer {token}")), KEY) for token in (JWT, JWT))
    third = redact(_exchange(("Authorization", f"Bearer {JWT}x")), KEY)
    assert one["request"]["headers"] == other["request"]["headers"] != third["request"]["headers"]


def test_what_is_harmless_stays() -> None:
    """Statuses, counts, ids, addresses and ordinary texts are stored as they are."""
    body = {"id": "33333333-3333-4333-8333-333333333331", "total_tokens": 8, "token_type": "bearer", "api_key": None}
    shown = redact(replace(_exchange(), response=answer(body)), KEY)
    assert json.loads(shown["response"]["body"]) == body
    assert shown["request"]["client"] == "10.0.0.7"
    assert shown["request"]["target"] == "/items?a=%2B1"


def test_a_body_that_cannot_be_read_is_a_digest() -> None:
    """A body that is not what its content type says is stored as length and digest only."""
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/octet-stream", "text/plain"):
        asked = request("POST", "/items", ("Content-Type", kind), body=b"\xffpassword=hunter2")
        shown = redact(replace(_exchange(), request=asked), KEY)
        assert shown["request"]["body"].startswith("[17 bytes, fp:")


def test_frames_are_redacted() -> None:
    """Log lines are masked, binary messages are digests, members keep their names."""
    frames = (
        Frame(from_client=False, text=True, data=b'{"type":"log","data":"key sk-123456789"}'),
        Frame(from_client=False, text=True, data=b"plain log"),
        Frame(from_client=True, text=False, data=b"\x00\x01"),
    )
    shown = redact(replace(_exchange(), frames=frames), KEY)["frames"]
    assert shown[0]["data"] == '{"type":"log","data":"[masked 16 chars]"}'
    assert shown[1]["data"] == "[masked 9 chars]"
    assert shown[2]["data"].startswith("[2 bytes, fp:")


def test_a_failure_keeps_its_kind() -> None:
    """A failed exchange is stored with its kind, and a detail without secrets."""
    shown = redact(replace(_exchange(), response=Failure("broken", f"at {JWT}")), KEY)["response"]
    assert shown["failure"] == "broken"
    assert JWT not in shown["detail"]


def test_thousands_of_headers_are_folded() -> None:
    """Only the first hundred headers are stored, with a count of the rest."""
    shown = redact(_exchange(*((f"x-{number}", "v") for number in range(10_000))), KEY)["request"]["headers"]
    assert len(shown) == 101
    assert shown[-1][0] == "(9902 more)"


def test_long_values_are_cut() -> None:
    """A stored body has at most 4 KiB and says how much was folded."""
    shown = redact(replace(_exchange(), response=answer(["ab"] * 5_000)), KEY)["response"]
    assert len(shown["body"]) < 4200
    assert "folded" in shown["body"]
    assert shown["body_bytes"] == len(json.dumps(["ab"] * 5_000))


def test_differences_carry_safe_values() -> None:
    """Values, paths and list keys of a difference hold no secret, each by its place."""
    redactor = Redactor(KEY)
    cases: list[tuple[Found, str]] = [
        (Found("body", "$.password", DifferenceKind.CHANGED, "a1b2", "c3d4", ("password",)), "[dropped]"),
        (Found("header", "x-api-key", DifferenceKind.CHANGED, "plain", "x"), "fp:"),
        (Found("cookie", "s.value", DifferenceKind.CHANGED, "plain", "x", ("s", "cookie")), "fp:"),
        (Found("upstream.query", "token", DifferenceKind.CHANGED, "plain", "x", ("token",)), "fp:"),
        (Found("upstream.query", "", DifferenceKind.CHANGED, "token=plain", "x"), "token=fp:"),
        (Found("upstream.body", "text", DifferenceKind.CHANGED, "a prompt", "x"), "[masked 8 chars]"),
        (Found("body", "digest", DifferenceKind.CHANGED, b"abc", b"x"), "[3 bytes, fp:"),
        (Found("stream", "done", DifferenceKind.MISSING, "[DONE]"), "[DONE]"),
        (Found("stream", "events[0].data", DifferenceKind.CHANGED, "words", "x", ("data",)), "[masked 5 chars]"),
        (Found("frame", "server[0]$.data", DifferenceKind.CHANGED, "a line", "x", ("data",)), "[masked 6 chars]"),
        (Found("status", "200→500", DifferenceKind.CHANGED, 200, 500), "200"),
    ]
    for found, expected in cases:
        assert redactor.difference(found, "").legacy.startswith(expected), found
    found = Found("body", f"$[email=a@b.example].{JWT}", DifferenceKind.MISSING, 1)
    path = redactor.scrubbed_difference(redactor.difference(found, "")).path
    assert "a@b" not in path
    assert JWT not in path


def test_secret_path_parameters_are_known() -> None:
    """A short invitation token in a path is found by its parameter's name, in the target and in the answer."""
    asked = request("GET", "/auth/invitations/short-1")
    text = stored(pair(answer({"x": "short-1"}), answer({"x": "short-1 "}), asked=asked))
    assert "short-1" not in text
    assert shape_of(TABLE.routes[5], asked) == "path:token"


@pytest.mark.proof
def test_redacting_a_huge_value_is_bounded() -> None:
    """A document with more values than are looked through is stored as a digest, and its differences as a note."""
    many: list[Any] = [[number] for number in range(30_000)]
    shown = redact(replace(_exchange(), response=answer(many)), KEY)["response"]
    assert shown["body"].startswith("[")
    assert "bytes, fp:" in shown["body"]
    found = Found("body", "$", DifferenceKind.MISSING, many)
    assert Redactor(KEY).difference(found, "").legacy == "[too large]"
    frame = Frame(from_client=False, text=True, data=json.dumps(many).encode())
    assert "bytes, fp:" in redact(replace(_exchange(), frames=(frame,)), KEY)["frames"][0]["data"]


def test_basic_credentials_are_seen_through_base64() -> None:
    """Base64 that hides a key or an address is a secret itself."""
    hidden = base64.b64encode(b"user@example.com:pw").decode()
    assert hidden not in json.dumps(redact(replace(_exchange(), response=answer({"note": hidden})), KEY))


def _exchange(*headers: tuple[str, str]) -> Exchange:
    return pair(answer({}), answer({}), asked=request("GET", "/items?a=%2B1", *headers)).legacy


def test_requests_are_redacted_alone() -> None:
    """An upstream request is redacted like a dashboard's own."""
    shown = Redactor(KEY).request(Request("GET", f"/items?access_token={JWT}"))
    assert JWT not in json.dumps(shown)
