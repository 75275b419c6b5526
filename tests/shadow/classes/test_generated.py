"""Values made anew for every answer: excused at their declared place, and nowhere else."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.observation import Verdict
from shadow.observe import observe
from tests.shadow.cases import answer, pair, request, setting

if TYPE_CHECKING:
    from gateway.core.exchange import Request, Response

T1, T2 = "2026-11-22T19:12:48.075483", "2026-11-22T19:12:49"
U1, U2 = "33333333-3333-4333-8333-333333333331", "33333333-3333-4333-8333-333333333332"
CONFIG = request("GET", "/management/config/rag")
SUMMARY = request("GET", "/management/insights/summary")
LOGIN = request("POST", "/auth/login", body={})
ITEMS = request("GET", "/items")
FAULT = {"error": "internal_server_error", "request_id": U1}


def token(**claims: Any) -> str:
    """A JWT with these claims."""
    parts = [{"alg": "HS256"}, {"sub": "u", "iat": 100, "exp": 1900, **claims}]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"]
    )


def config(at: str, **members: Any) -> Response:
    """A policy's answer."""
    return answer({"policy_type": "rag", "config_json": members, "updated_at": at})


def invalid(version: str, name: str = "missing", status: int = 422) -> Response:
    """A validation error."""
    return answer({"detail": [{"url": f"https://errors.pydantic.dev/{version}/v/{name}"}]}, status=status)


def limited(text: str, after: str = "3", status: int = 429) -> Response:
    """Too many requests."""
    return answer({"detail": text}, ("retry-after", after), status=status)


EXCUSED = [
    (CONFIG, config(T1), config(T2)),
    (ITEMS, invalid("2.14"), invalid("2.11")),
    (LOGIN, answer({"access_token": token()}), answer({"access_token": token(iat=150, exp=1950)})),
    (SUMMARY, answer({"throughput": {"rpm": 152.0}}), answer({"throughput": {"rpm": 151.2}})),
    (ITEMS, limited("Try again in 9 seconds."), limited("Try again in 8 seconds.", "2")),
    (ITEMS, answer(FAULT, status=500), answer({**FAULT, "request_id": U2}, status=500)),
]


@pytest.mark.parametrize(("asked", "legacy", "gateway"), EXCUSED)
def test_declared_places_are_excused(asked: Request, legacy: Response, gateway: Response) -> None:
    """A value that is generated at this place by declaration is expected to differ."""
    assert observe(pair(legacy, gateway, asked=asked), setting()).verdict is Verdict.EXPECTED


NOT_EXCUSED = [
    (ITEMS, config(T1), config(T2)),
    (CONFIG, config(T1, a=1), config(T2, a=1)),
    (CONFIG, config(T1), config("yesterday")),
    (ITEMS, invalid("2.14"), invalid("2.11", "extra")),
    (ITEMS, invalid("2.14", status=400), invalid("2.11", status=400)),
    (LOGIN, answer({"access_token": token()}), answer({"access_token": token(sub="other")})),
    (LOGIN, answer({"access_token": token()}), answer({"access_token": token(exp=9999)})),
    (LOGIN, answer({"access_token": "a"}), answer({"access_token": "b"})),
    (LOGIN, answer({"token": token()}), answer({"token": token(iat=150, exp=1950)})),
    (SUMMARY, answer({"throughput": {"rpm": 152.0}}), answer({"throughput": {"rpm": 15.2}})),
    (SUMMARY, answer({"throughput": {"rpm": 152.0}}), answer({"throughput": {"rpm": "152"}})),
    (ITEMS, answer({"throughput": {"rpm": 152.0}}), answer({"throughput": {"rpm": 151.2}})),
    (ITEMS, limited("Try again in 9 seconds."), limited("Try again later.")),
    (ITEMS, limited("Try again in 9 seconds.", status=400), limited("Try again in 8 seconds.", status=400)),
    (ITEMS, answer({"request_id": U1}), answer({"request_id": U2})),
    (ITEMS, answer(FAULT, status=500), answer({**FAULT, "request_id": "x"}, status=500)),
    (ITEMS, answer({"created_at": T1}), answer({"created_at": T2})),
    (ITEMS, answer({"id": U1}), answer({"id": U2})),
]


@pytest.mark.parametrize(("asked", "legacy", "gateway"), NOT_EXCUSED)
def test_looks_alone_excuse_nothing(asked: Request, legacy: Response, gateway: Response) -> None:
    """A time, id or token elsewhere, or one that differs in more than its making, is a mismatch."""
    assert observe(pair(legacy, gateway, asked=asked), setting()).verdict is Verdict.MISMATCH
