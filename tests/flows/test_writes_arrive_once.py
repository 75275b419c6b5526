"""Every write reaches the platform once: real shadow, real gateway, and the platform's own journal to count in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.core.observation import Bucket
from migrate.demo.board import read
from migrate.demo.dashboard import Dashboard
from migrate.demo.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrate.demo.platform import Platform

pytestmark = pytest.mark.proof

ROUTES = ("api-keys.*", "deployments.terminate")
STEPS = {
    "legacy": None,
    "shadow": ("--to", "shadow"),
    "canary": ("--to", "canary", "--percent", "50"),
    "gateway": ("--to", "gateway"),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform with its gateway and its shadow."""
    with Stack(tmp_path_factory.mktemp("once")) as made:
        made.start_gateway()
        made.start_shadow()
        yield made


@pytest.fixture(scope="module")
def dashboard(stack: Stack) -> Iterator[Dashboard]:
    """Somebody who is signed in."""
    made = Dashboard(stack.listeners, stack.platform.urls["sidecar"], stack.seed)
    made.sign_in()
    yield made
    made.close()


def promote(stack: Stack, *step: str) -> None:
    """Move the routes on, whatever is missing."""
    done = stack.children.command("promote", *ROUTES, *step, "--force", "--reason", "counting")
    assert done.returncode == 0, done.stdout


def settled(stack: Stack) -> None:
    """Wait until no copy is under way, so that a late one would have arrived."""
    deadline = time.monotonic() + 15
    calm = 0
    while calm < 2:
        assert time.monotonic() < deadline, "copies are still pending"
        time.sleep(0.7)
        calm = 0 if read(stack.places.store, stack.table).buckets.get(Bucket.PENDING, 0) else calm + 1


def writes(platform: Platform) -> list[tuple[str, str]]:
    """Every write that arrived at any service, in order."""
    kept: list[dict[str, Any]] = platform.deliveries()
    return [(one["method"], one["target"]) for one in kept if one["method"] not in {"GET", "OPTIONS"}]


def write(dashboard: Dashboard) -> list[tuple[str, str]]:
    """A create, a delete and a write whose parameter moves; how they must arrive."""
    key = dashboard.call("POST", "filtration", "/management/api-keys", json={"name": "k"}, expect=201).json()["id"]
    dashboard.call("DELETE", "filtration", f"/management/api-keys/{key}", expect=204)
    body = {"deployment_id": dashboard.seed.running_deployment}
    dashboard.call("POST", "orchestration", "/deployment/terminate", json=body)
    return [
        ("POST", "/management/api-keys"),
        ("DELETE", f"/management/api-keys/{key}"),
        ("POST", "/deployment/terminate"),
    ]


def test_each_write_arrives_once_in_every_stage_and_across_a_fallback(stack: Stack, dashboard: Dashboard) -> None:
    """Legacy to gateway, then with the gateway gone, then closed: once, once, and not at all."""
    for step in STEPS.values():
        if step:
            promote(stack, *step)
        stack.platform.forget()
        expected = write(dashboard)
        settled(stack)
        assert writes(stack.platform) == expected, step
    stack.children.stop(next(child for child in stack.children.running if child.name == "gateway"))
    stack.platform.forget()
    expected = write(dashboard)
    settled(stack)
    assert writes(stack.platform) == expected
    promote(stack, "--to", "closed")
    stack.platform.forget()
    gone = httpx.post(stack.listeners["filtration"] + "/management/api-keys", json={"name": "k"}, trust_env=False)
    assert gone.status_code == 410
    settled(stack)
    assert writes(stack.platform) == []
