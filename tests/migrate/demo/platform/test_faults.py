"""Faults."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gateway.core.errors import UsageError
from migrate.demo.platform.faults import Fault, Faults
from migrate.demo.platform.launch import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrate.demo.platform import Platform


@pytest.fixture
def breakable(platform: Platform) -> Iterator[Platform]:
    """The shared platform, mended afterwards."""
    yield platform
    platform.mend()


def get(platform: Platform, service: str, path: str = "/health") -> httpx.Response:
    """One GET on a new connection."""
    return httpx.get(platform.urls[service] + path, trust_env=False, timeout=5)


def test_a_fault_strikes_what_it_names() -> None:
    """Service, method and path narrow a fault down; nothing named means everything."""
    fault = Fault(service="data", method="GET", path="/coll")
    assert fault.strikes("data", "GET", "/collections")
    assert not fault.strikes("data", "POST", "/collections")
    assert not fault.strikes("guardrail", "GET", "/collections")
    assert Fault().strikes("sidecar", "PUT", "/")


def test_a_counted_fault_ends() -> None:
    """`times` faults are met so often and then no more; others stay until mended."""
    faults = Faults()
    faults.add(Fault(status=503, times=2))
    assert [faults.take("data", "GET", "/") is not None for _ in range(3)] == [True, True, False]
    faults.add(Fault(status=500))
    assert [faults.take("data", "GET", "/") is not None for _ in range(3)] == [True, True, True]
    faults.clear()
    assert faults.take("data", "GET", "/") is None


@pytest.mark.parametrize("value", [{"servise": "data"}, {"service": "nope"}, {"delay": "long"}, []])
def test_a_fault_that_makes_no_sense_is_refused(value: Any) -> None:
    """Unknown keys and services and wrong types are usage errors."""
    with pytest.raises(UsageError):
        Fault.from_json(value, SERVICES)


def test_a_service_answers_the_status_it_is_told(breakable: Platform) -> None:
    """One service is broken, the others are not, and mending helps."""
    breakable.fault(service="orchestration", status=503)
    assert get(breakable, "orchestration").status_code == 503
    assert get(breakable, "data").status_code == 200
    breakable.mend()
    assert get(breakable, "orchestration").status_code == 200


def test_a_service_can_be_slowed(breakable: Platform) -> None:
    """A delayed service answers as usual, later."""
    breakable.fault(service="data", delay=0.3)
    began = time.monotonic()
    assert get(breakable, "data").json() == {"status": "healthy", "service": "data"}
    assert time.monotonic() - began >= 0.3


def test_a_service_can_hang_answer_hugely_or_break_off(breakable: Platform) -> None:
    """Hanging times out, a huge answer is as long as asked, and a broken one ends in mid-body."""
    breakable.fault(service="data", hang=True, times=1)
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(breakable.urls["data"] + "/health", trust_env=False, timeout=0.3)
    breakable.fault(service="data", body_bytes=300_000, times=1)
    assert len(get(breakable, "data").content) == 300_000
    breakable.fault(service="data", abort=True, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        get(breakable, "data")


def test_a_websocket_can_be_refused(breakable: Platform) -> None:
    """A status fault on the sidecar refuses the handshake."""
    breakable.fault(service="sidecar", status=503)
    with pytest.raises(InvalidStatus), connect(breakable.urls["sidecar"].replace("http", "ws"), proxy=None):
        pass
