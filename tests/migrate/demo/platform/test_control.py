"""The control port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from migrate.demo.platform import Platform


def test_the_journal_is_read_and_emptied(platform: Platform) -> None:
    """GET shows deliveries, DELETE forgets them; the control port itself is never in them."""
    httpx.get(platform.urls["data"] + "/health", trust_env=False)
    assert platform.deliveries()[-1]["service"] == "data"
    platform.forget()
    assert platform.deliveries() == []


def test_a_bad_fault_is_refused_with_the_reason(platform: Platform) -> None:
    """An unknown key and a body that is no JSON are 422."""
    unknown = httpx.post(f"{platform.control}/faults", json={"nope": 1}, trust_env=False)
    assert (unknown.status_code, "status" in unknown.json()["detail"]) == (422, True)
    assert httpx.post(f"{platform.control}/faults", content=b"{", trust_env=False).status_code == 422
