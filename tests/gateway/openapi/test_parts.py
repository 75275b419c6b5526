"""Parameters, bodies, answers."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.openapi.parts import answers, body, media, parameters
from tests.gateway.openapi.documents import described

KNOWN = described(
    parameters={"P": {"name": "p", "in": "query", "schema": {"type": "integer"}}},
    requestBodies={"B": {"content": {"application/json": {"schema": {}}}, "required": True}},
    responses={"R": {"description": "found", "headers": {"X-A": {"$ref": "#/components/headers/H"}}}},
    headers={"H": {"description": "told", "schema": {"type": "string"}}},
    examples={"E": {"summary": "s", "value": {"a": 1}}},
)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"$ref": "#/components/parameters/P"}, {"name": "p", "in": "query", "schema": {"type": "integer"}}),
        ({"name": "i", "in": "path"}, {"name": "i", "in": "path", "required": True, "schema": {"type": "string"}}),
        (
            {
                "name": "q",
                "in": "query",
                "required": True,
                "deprecated": True,
                "description": "d",
                "style": "form",
                "explode": False,
                "schema": {},
                "example": 1,
            },
            {
                "name": "q",
                "in": "query",
                "required": True,
                "deprecated": True,
                "description": "d",
                "style": "form",
                "explode": False,
                "schema": {},
                "example": 1,
            },
        ),
        ({"name": "h", "in": "header", "style": "form"}, {"name": "h", "in": "header", "schema": {"type": "string"}}),
        (
            {"name": "c", "in": "query", "content": {"application/json": {"schema": {}}}},
            {"name": "c", "in": "query", "content": {"application/json": {"schema": {}}}},
        ),
    ],
)
def test_parameters_are_copied(node: Any, expected: Any) -> None:
    """With what the standard knows of them and nothing more."""
    assert list(parameters(KNOWN, [node]).values()) == [expected]


@pytest.mark.parametrize(
    "node",
    [
        None,
        7,
        {"name": "a"},
        {"in": "query"},
        {"name": "a", "in": "body"},
        {"name": "", "in": "query"},
        {"name": "a", "in": []},
    ],
)
def test_what_is_no_parameter_is_left_out(node: Any) -> None:
    """A wrong shape is nothing."""
    assert parameters(KNOWN, [node]) == {}


def test_an_operations_parameter_replaces_the_paths() -> None:
    """Of two with one place and name the later stands."""
    found = parameters(KNOWN, [{"name": "a", "in": "query"}, {"name": "a", "in": "query", "required": True}])
    assert [item.get("required") for item in found.values()] == [True]


def test_bodies_are_copied() -> None:
    """Through a reference too; without a usable content there is none."""
    kept = {"content": {"application/json": {"schema": {}}}, "required": True}
    assert body(KNOWN, {"$ref": "#/components/requestBodies/B"}) == kept
    assert body(KNOWN, {"content": {"no type": {}}}) == {}
    assert body(KNOWN, None) == {}


def test_answers_are_copied() -> None:
    """By status, with their headers; what is no status is left out, links and callbacks too."""
    found = answers(
        KNOWN,
        {
            "200": {"description": "d", "content": {"application/json": {}}, "links": {"l": {}}},
            "4XX": {"$ref": "#/components/responses/R"},
            "default": 7,
            "777": {},
        },
    )
    assert found == {
        "200": {"description": "d", "content": {"application/json": {}}},
        "4XX": {"description": "found", "headers": {"X-A": {"description": "told", "schema": {"type": "string"}}}},
        "default": {"description": "As the service answers"},
    }
    assert answers(KNOWN, None) == {}


def test_examples_are_data() -> None:
    """Named examples are looked up, one example stands as it is; neither is read as anything else."""
    content = {"a/b": {"examples": {"e": {"$ref": "#/components/examples/E"}, "n": {"externalValue": "http://x"}}}}
    assert media(KNOWN, content) == {"a/b": {"examples": {"e": {"summary": "s", "value": {"a": 1}}}}}
    assert media(KNOWN, {"a/b": {"example": {"$ref": "x"}}}) == {"a/b": {"example": {"$ref": "x"}}}
