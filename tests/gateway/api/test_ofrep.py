"""Flags for clients: the protocol, and an unmodified OpenFeature SDK."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode

from gateway.core.exchange import Request
from gateway.core.routes import Access, Stage
from gateway.core.subject import subject_of
from gateway.flags.flag import Flag, FlagSnapshot
from tests.apps.gateways import Running, running
from tests.apps.table import bearer, route, settings, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

LIST = route("deployments.list", "compute", "GET /a", "GET /api/a")
TABLE = table(
    "http://unused",
    LIST,
    route("pools.list", "compute", "GET /b", "GET /api/b"),
    route("keys", "compute", "GET /internal/keys", None, access=Access.INTERNAL),
)
KEY = settings().fingerprint_key
CANARY = Flag("deployments.list", Stage.CANARY, 50.0, ("user:named", "org:theirs"), revision=7)
FLAGS = FlagSnapshot(7, "salt", {"deployments.list": CANARY, "pools.list": Flag("pools.list", Stage.GATEWAY)})
PATH = "/ofrep/v1/evaluate/flags"


@pytest.fixture
async def gate() -> AsyncIterator[Running]:
    """A gateway with one route in canary at half and one at gateway."""
    async with running(TABLE, flags=FLAGS) as running_gate:
        yield running_gate


async def asked(gate: Running, key: str = "", /, *, headers: Any = None, **context: Any) -> httpx.Response:
    """Evaluate one flag, or all."""
    path = f"{PATH}/{key}" if key else PATH
    return await gate.client.post(path, json={"context": context}, headers=headers)


def served(name: str, organisation: str | None = None) -> str:
    """Where the shadow and the gateway serve the bearer of a token with this subject."""
    header = ("Authorization", f"Bearer {token(sub=name, org_id=organisation)}")
    return "gateway" if FLAGS.serves_gateway(LIST, subject_of(Request("GET", "/", (header,)), KEY)) else "legacy"


async def test_a_canary_is_split_as_the_shadow_splits_it(gate: Running) -> None:
    """The same subject gets the same side over OFREP and on the legacy path, for ids and e-mail addresses alike."""
    names = [f"user-{number}" for number in range(30)] + [f"p{number}@example.com" for number in range(10)]
    found = [(await asked(gate, "deployments.list", targetingKey=name)).json()["value"] for name in names]
    assert found == [served(name) for name in names]
    assert set(found) == {"legacy", "gateway"}


async def test_named_users_and_organisations_are_served(gate: Running) -> None:
    """Whoever the flag names is in, whatever the share."""
    outside = next(name for name in map(str, range(99)) if served(name) == "legacy")
    assert (await asked(gate, "deployments.list", targetingKey="named")).json()["value"] == "gateway"
    answer = await asked(gate, "deployments.list", targetingKey=outside, org_id="theirs")
    assert answer.json()["value"] == "gateway" == served(outside, "theirs")


async def test_an_evaluation_says_how_it_came_about(gate: Running) -> None:
    """Value, variant, reason and metadata; neither names nor reasons of the flag."""
    name = next(name for name in map(str, range(99)) if served(name) == "gateway")
    assert (await asked(gate, "deployments.list:gateway", targetingKey=name)).json() == {
        "key": "deployments.list:gateway",
        "value": True,
        "variant": "gateway",
        "reason": "SPLIT",
        "metadata": {"stage": "canary", "revision": 7, "percent": 50.0},
    }
    answer = await asked(gate, "pools.list")
    assert (answer.json()["value"], answer.json()["reason"]) == ("gateway", "STATIC")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("stage", "value"),
    [(Stage.LEGACY, "legacy"), (Stage.SHADOW, "legacy"), (Stage.GATEWAY, "gateway"), (Stage.CLOSED, "gateway")],
)
async def test_other_stages_need_no_targeting_key(gate: Running, stage: Stage, value: str) -> None:
    """Everybody is served alike."""
    gate.flags = FlagSnapshot(8, "salt", {"pools.list": Flag("pools.list", stage)})
    answer = await gate.client.post(f"{PATH}/pools.list")
    assert (answer.status_code, answer.json()["value"]) == (200, value)


async def test_a_verified_token_is_believed_before_the_targeting_key(gate: Running) -> None:
    """A claim beside a token changes nothing; a token that does not hold is 401, an API key is bucketed by itself."""
    inside = next(name for name in map(str, range(99)) if served(name) == "gateway")
    outside = next(name for name in map(str, range(99)) if served(name) == "legacy")
    answer = await asked(gate, "deployments.list", headers=bearer(sub=inside, org_id=None), targetingKey=outside)
    assert answer.json()["value"] == "gateway"
    forged = {"Authorization": f"Bearer {token('x' * 40)}"}
    answer = await asked(gate, "deployments.list", headers=forged, targetingKey=inside)
    assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)
    keyed = {"Authorization": "Bearer sk-0123456789"}
    answer = await asked(gate, "deployments.list", headers=keyed)
    subject = subject_of(Request("GET", "/", tuple(keyed.items())), KEY)
    assert answer.json()["value"] == ("gateway" if FLAGS.serves_gateway(LIST, subject) else "legacy")


@pytest.mark.parametrize(
    ("key", "body", "status", "code"),
    [
        ("nobody", b"{}", 404, "FLAG_NOT_FOUND"),
        ("keys", b"{}", 404, "FLAG_NOT_FOUND"),
        ("deployments.list", b"{}", 400, "TARGETING_KEY_MISSING"),
        ("deployments.list", b'{"context":{"targetingKey":""}}', 400, "TARGETING_KEY_MISSING"),
        ("deployments.list", b"{", 400, "PARSE_ERROR"),
        ("deployments.list", b"[" * 5000, 400, "PARSE_ERROR"),
        ("deployments.list", b"\xff", 400, "PARSE_ERROR"),
        ("deployments.list", b"[]", 400, "INVALID_CONTEXT"),
        ("deployments.list", b'{"context":7}', 400, "INVALID_CONTEXT"),
        ("deployments.list", b'{"context":{"targetingKey":7}}', 400, "INVALID_CONTEXT"),
        ("deployments.list", b'{"context":{"targetingKey":"a","org_id":[]}}', 400, "INVALID_CONTEXT"),
        ("", b"{", 400, "PARSE_ERROR"),
        ("%3Cscript%3E", b"{}", 404, "FLAG_NOT_FOUND"),
        ("%ff", b"{}", 404, "FLAG_NOT_FOUND"),
    ],
)
async def test_errors_are_the_protocols(gate: Running, key: str, body: bytes, status: int, code: str) -> None:
    """With the code and a sentence; internal routes are no flags."""
    answer = await gate.client.post(f"{PATH}/{key}" if key else PATH, content=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert answer.json()["errorDetails"]
    assert ("key" in answer.json()) == bool(key)


async def test_a_lone_surrogate_is_a_subject_like_any(gate: Running) -> None:
    """What JSON can say, bucketing can take."""
    answer = await gate.client.post(f"{PATH}/deployments.list", content=b'{"context":{"targetingKey":"\\ud800"}}')
    assert answer.status_code == 200


async def test_a_body_that_is_too_long_is_refused(gate: Running) -> None:
    """64 KiB are enough for anybody's context."""
    answer = await gate.client.post(PATH, content=b" " * 70_000)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_all_flags_come_at_once_and_only_when_they_changed(gate: Running) -> None:
    """Both kinds of each exposed route; the tag stands for this subject and these stages."""
    answer = await asked(gate, targetingKey="user-1")
    assert [item["key"] for item in answer.json()["flags"]] == [
        "deployments.list",
        "deployments.list:gateway",
        "pools.list",
        "pools.list:gateway",
    ]
    tag = {"If-None-Match": answer.headers["etag"]}
    assert (await asked(gate, headers=tag, targetingKey="user-1")).status_code == 304
    assert (await asked(gate, headers=tag, targetingKey="named")).status_code in {200, 304}
    gate.flags = replace(FLAGS, flags={**FLAGS.flags, "pools.list": Flag("pools.list", Stage.LEGACY)})
    assert (await asked(gate, headers=tag, targetingKey="user-1")).status_code == 200


async def test_without_a_targeting_key_only_canaries_fail(gate: Running) -> None:
    """Each flag says for itself."""
    flags = {item["key"]: item for item in (await asked(gate)).json()["flags"]}
    assert flags["deployments.list"]["errorCode"] == "TARGETING_KEY_MISSING"
    assert flags["pools.list"]["value"] == "gateway"


async def test_browsers_may_ask(gate: Running) -> None:
    """The preflight allows the headers of the web SDK, and its script may read the tag."""
    preflight = {
        "Origin": "http://dashboard",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,if-none-match",
    }
    answer = await gate.client.options(PATH, headers=preflight)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "content-type,if-none-match"
    assert "POST" in answer.headers["access-control-allow-methods"]
    answer = await asked(gate, headers={"Origin": "http://dashboard"}, targetingKey="a")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]


async def test_an_unmodified_sdk_asks_which_path_to_use(gate: Running) -> None:
    """OpenFeature's Python SDK with its OFREP provider gets each subject's side, as text and as boolean."""
    names = [f"user-{number}" for number in range(12)]
    found = await asyncio.to_thread(evaluated_by_sdk, gate.addresses.public, names)
    assert found["texts"] == [served(name) for name in names]
    assert found["booleans"] == [served(name) == "gateway" for name in names]
    assert (found["missing"].error_code, found["missing"].value) == (ErrorCode.FLAG_NOT_FOUND, "legacy")
    assert found["nobody"].error_code == ErrorCode.TARGETING_KEY_MISSING
    assert found["wrong"].error_code == ErrorCode.TYPE_MISMATCH
    assert found["details"].flag_metadata["stage"] == "canary"


def evaluated_by_sdk(url: str, names: list[str]) -> dict[str, Any]:
    """What the SDK says; it blocks, so it runs in a thread."""
    provider = OFREPProvider(url)
    api.set_provider(provider)
    try:
        client = api.get_client()
        contexts = [EvaluationContext(targeting_key=name) for name in names]
        return {
            "texts": [client.get_string_value("deployments.list", "legacy", context) for context in contexts],
            "booleans": [
                client.get_boolean_value("deployments.list:gateway", default_value=False, evaluation_context=context)
                for context in contexts
            ],
            "missing": client.get_string_details("none", "legacy"),
            "nobody": client.get_string_details("deployments.list", "legacy"),
            "wrong": client.get_boolean_details(
                "deployments.list", default_value=False, evaluation_context=contexts[0]
            ),
            "details": client.get_string_details("deployments.list", "legacy", contexts[0]),
        }
    finally:
        provider.session.close()
        api.shutdown()


async def test_keys_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """A key is whatever a client wrote, so the log says which page it was and no more."""
    async with running(TABLE, flags=FLAGS, settings=settings(access_log=True)) as gate:
        await asked(gate, "somebodys-secret", targetingKey="a")
    logged = capsys.readouterr().err
    assert '"path":"/ofrep/v1/evaluate/flags"' in logged
    assert "somebodys-secret" not in logged
