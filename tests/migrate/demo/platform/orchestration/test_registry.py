"""The model registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call

MODEL = {
    "model_name": "a b",
    "model_version": "1",
    "backend": "vllm",
    "artifact_uri": "s3://x",
    "config_json": {"k": 1},
}


async def test_a_model_is_registered_read_and_deleted(call: Call) -> None:
    """The delete has its id in a body."""
    made = (await call("orchestration", "POST", "/deployment/registerModel", json=MODEL)).json()
    found = await call("orchestration", "GET", "/deployment/getModel/a%20b/1")
    assert found.json() == {"model_id": made["model_id"]} | MODEL
    body = {"model_id": made["model_id"]}
    assert (await call("orchestration", "DELETE", "/deployment/deleteModel", json=body)).json()["status"] == "DELETED"
    assert (await call("orchestration", "DELETE", "/deployment/deleteModel")).status_code == 422
    assert (await call("orchestration", "GET", "/deployment/getModel/a%20b/1")).status_code == 404


async def test_listing_always_fails(call: Call) -> None:
    """500 in plain text."""
    answer = await call("orchestration", "GET", "/deployment/listModels/x")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
