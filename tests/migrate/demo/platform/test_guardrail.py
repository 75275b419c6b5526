"""The guardrail service."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call


async def test_a_text_is_scanned_without_any_credential(call: Call) -> None:
    """A banned keyword makes the text invalid."""
    answer = await call("guardrail", "POST", "/scan", json={"text": "bad word", "custom_banned_keywords": ["bad"]})
    assert answer.json()["is_valid"] is False


async def test_it_says_who_it_is(call: Call) -> None:
    """The root and the health of the service answer."""
    assert (await call("guardrail", "GET", "/")).status_code == 200
    assert (await call("guardrail", "GET", "/health")).json()["service"] == "InferiaLLM Guardrail Service"
