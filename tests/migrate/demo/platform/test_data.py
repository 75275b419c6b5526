"""The data service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def test_documents_are_stored_and_found(call: Call) -> None:
    """What is ingested or uploaded is listed, retrieved and assembled."""
    body = {
        "collection_name": "c",
        "documents": ["one", "two"],
        "metadatas": [{}, {}],
        "ids": ["1", "2"],
        "org_id": "o",
    }
    assert (await call("data", "POST", "/ingest", json=body)).json()["count"] == 2
    form = {"files": {"file": ("a.txt", b"three")}, "data": {"collection_name": "c", "org_id": "o"}}
    assert (await call("data", "POST", "/upload", **form)).json()["status"] == "success"
    assert (await call("data", "GET", "/collections?org_id=o")).json() == ["c"]
    assert len((await call("data", "GET", "/collections/c/files?org_id=o")).json()) == 3
    found = await call("data", "POST", "/retrieve", json={"collection_name": "c", "query": "?", "org_id": "o"})
    assert found.json() == {"documents": ["one", "two", "three"]}
    question = {"query": "?", "collection_name": "c", "org_id": "o", "n_results": 2}
    assert (await call("data", "POST", "/context/assemble", json=question)).json() == {"context": "one\n\ntwo"}


async def test_a_foreign_organisation_s_documents_are_open_to_anybody(call: Call, seed: Seed) -> None:
    """Nothing is authenticated: the organisation is what the client says."""
    answer = await call("data", "GET", f"/collections?org_id={seed.organisation}")
    assert answer.json() == [seed.collection]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/tokens/check", {"text": "a b c", "budget": 2}, {"tokens": 3, "within_budget": False}),
        ("/rewrite", {"prompt": " x "}, {"rewritten_prompt": "x"}),
    ],
)
async def test_small_questions_are_answered(call: Call, path: str, body: Any, answer: Any) -> None:
    """Tokens are words, rewriting trims."""
    assert (await call("data", "POST", path, json=body)).json() == answer


async def test_prompts_pass_untouched(call: Call) -> None:
    """Messages come back as they were."""
    messages = [{"role": "user", "content": "x"}]
    answer = await call("data", "POST", "/process", json={"messages": messages, "model": "m"})
    assert answer.json()["messages"] == messages


async def test_an_upload_without_a_file_is_422(call: Call) -> None:
    """Both missing fields are named, an unsupported file is 400."""
    assert len((await call("data", "POST", "/upload")).json()["detail"]) == 2
    form = {"files": {"file": ("a.exe", b"")}, "data": {"collection_name": "c"}}
    assert (await call("data", "POST", "/upload", **form)).status_code == 400
