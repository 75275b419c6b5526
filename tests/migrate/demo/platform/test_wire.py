"""Error bodies that the services share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from migrate.demo.platform.serve import applications
from migrate.demo.platform.wire import page

if TYPE_CHECKING:
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

OPENAPI = Path(__file__).parents[5] / "shared/platform/openapi"


async def test_a_missing_field_is_422_in_pydantic_s_words(call: Call) -> None:
    """Type, place, message, the whole submitted body and the documentation's address, in that order."""
    body = {"username": "me", "secret": "not hidden"}
    answer = await call("filtration", "POST", "/auth/login", json=body)
    assert answer.status_code == 422
    assert answer.json() == {
        "detail": [
            {
                "type": "missing",
                "loc": ["body", "password"],
                "msg": "Field required",
                "input": body,
                "url": "https://errors.pydantic.dev/2.14/v/missing",
            },
        ],
    }


async def test_a_value_out_of_bounds_names_the_bound(call: Call) -> None:
    """A page of more than 100 is 422 with its context."""
    answer = await call("filtration", "GET", "/management/users?limit=101", who="admin")
    (found,) = answer.json()["detail"]
    assert (found["type"], found["loc"], found["ctx"]) == ("less_than_equal", ["query", "limit"], {"le": 100})


async def test_a_body_without_a_content_type_is_read_as_json(call: Call) -> None:
    """The platform's older framework asks for none; a broken body is 422 and has no documentation."""
    content = json.dumps({"text": "x"}).encode()
    assert (await call("guardrail", "POST", "/scan", content=content)).status_code == 200
    broken = await call("guardrail", "POST", "/scan", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 422
    assert broken.json()["detail"][0]["type"] == "json_invalid"
    assert "url" not in broken.json()["detail"][0]


async def test_bytes_that_are_no_text_do_not_break_the_answer(call: Call) -> None:
    """A body of bytes under another content type is shown as text."""
    answer = await call("guardrail", "POST", "/scan", content=b"\xff", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


def test_a_page_is_a_slice() -> None:
    """Skip and limit cut a list."""
    assert page([1, 2, 3, 4], 1, 2) == [2, 3]


@pytest.mark.parametrize("service", ["filtration", "inference", "orchestration", "data", "guardrail"])
def test_every_documented_operation_exists_and_no_other(world: World, service: str) -> None:
    """Methods and paths are those of the service's own OpenAPI document."""
    document = OPENAPI / f"{service}.json"
    if not document.is_file():
        pytest.skip(f"the document is not at {document}")
    app = applications(world)[service]
    assert isinstance(app, FastAPI)
    ours = {(path, method) for path, methods in app.openapi()["paths"].items() for method in methods}
    theirs = {
        (path, method) for path, methods in json.loads(document.read_text())["paths"].items() for method in methods
    }
    assert ours == theirs
