"""Filtration's existing paths on the gateway's port, beside the stand-in platform itself: the same answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.config import load_table
from gateway.core.routes import Stage
from migrate.demo.platform.launch import running as platform_running
from tests.apps.gateways import running
from tests.apps.table import token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrate.demo.platform.launch import Platform

PRESET = Path(__file__).parents[2] / "migrate" / "presets" / "inferia.yaml"
VARYING = {"date", "x-processing-time-ms", "x-request-id", "x-trace-id"}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """The stand-in platform."""
    with platform_running() as started:
        yield started


def told(answer: httpx.Response) -> dict[str, Any]:
    """What a client reads of an answer; what differs between two equal requests is left out."""
    headers = sorted((name, value) for name, value in answer.headers.multi_items() if name not in VARYING)
    return {"status": answer.status_code, "headers": headers, "body": answer.content}


@pytest.mark.proof
async def test_existing_paths_answer_as_the_service_does(platform: Platform) -> None:
    """500 where it means 401, its own 401, 404 and 422, lists, deletions: the same bytes on both ports."""
    table, seed = load_table(PRESET), platform.seed
    services = {name: replace(item, internal=platform.urls[name]) for name, item in table.services.items()}
    claims = {"sub": seed.admin, "org_id": seed.organisation, "username": seed.admin_email, "email": seed.admin_email}
    admin = {"headers": {"Authorization": f"Bearer {token(platform.jwt_secret, **claims)}"}}
    login = {"username": seed.admin_email, "password": "wrong"}
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/", {}),
        ("GET", "/health", {}),
        ("GET", "/management/users", {}),
        ("GET", "/management/users", {"headers": {"Authorization": "Bearer forged"}}),
        ("GET", "/management/users?limit=1000", admin),
        ("GET", "/management/users?skip=0&limit=2", admin),
        ("GET", "/auth/me", admin),
        ("GET", "/admin/roles", admin),
        ("GET", "/management/config/quota/usage?x=%2B", admin),
        ("DELETE", "/management/templates/a%2Fb%20c", admin),
        ("POST", "/auth/login", {"json": login}),
        ("POST", "/auth/login", {"json": {}}),
        ("POST", "/auth/login", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/auth/refresh", {"json": {}}),
        ("GET", "/auth/invitations/none", {}),
    ]
    async with (
        running(replace(table, services=services), stage=Stage.SHADOW) as gate,
        httpx.AsyncClient(base_url=platform.urls["filtration"], verify=False) as direct,
    ):
        statuses = set()
        for method, path, options in requests:
            theirs = told(await direct.request(method, path, **options))
            assert told(await gate.client.request(method, path, **options)) == theirs, (method, path)
            statuses.add(theirs["status"])
        assert {200, 401, 404, 422, 500} <= statuses
        for internal in ("/internal/models", "/internal/config/provider", "/audit/internal/log"):
            key = {"X-Internal-API-Key": platform.internal_key}
            assert (await gate.client.get(internal, headers=key)).status_code == 404
