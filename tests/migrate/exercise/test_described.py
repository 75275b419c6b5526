from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.path import PathPattern
from gateway.core.routes import Target
from migrate.exercise.described import MOST, examples


def document(operation: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    """A document with one operation."""
    return {"paths": {"/pools/{pool_id}": {"post": operation}}, "components": {"schemas": schemas}}


def found(operation: dict[str, Any], **schemas: Any) -> list[tuple[str, Any]]:
    """Query and body of each example."""
    target = Target("POST", PathPattern("/pools/{id}"))
    return [
        (one.query, json.loads(one.body) if one.body else None)
        for one in examples(document(operation, **schemas), target)
    ]


def parameter(name: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    """A query parameter."""
    return {"name": name, "in": "query", "required": required, "schema": schema}


def test_what_is_required_each_option_and_all_together() -> None:
    """Distinct queries, with values that their schemas allow."""
    operation = {
        "parameters": [
            parameter("org", required=True, type="string", format="uuid"),
            parameter("limit", type="integer", default=50),
            parameter("sort", anyOf=[{"type": "string", "enum": ["up", "down"]}, {"type": "null"}]),
            {"name": "id", "in": "path"},
        ]
    }
    org = "org=00000000-0000-4000-8000-000000000000"
    assert [query for query, _ in found(operation)] == [
        org,
        f"{org}&limit=50&sort=up",
        f"{org}&limit=50",
        f"{org}&sort=up",
    ]


def test_bodies_follow_their_schema() -> None:
    """Required members alone, then all; references, lists and objects within are followed."""
    operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pool"}}}}}
    pool = {
        "type": "object",
        "required": ["name", "tags"],
        "properties": {
            "name": {"type": "string"},
            "tags": {"type": "array", "items": {"$ref": "#/components/schemas/Tag"}},
            "size": {"type": "integer", "example": 3},
        },
    }
    tag = {
        "type": "object",
        "required": ["k"],
        "properties": {"k": {"const": "v"}, "parent": {"$ref": "#/components/schemas/Tag"}},
    }
    least, most = (body for _, body in found(operation, Pool=pool, Tag=tag))
    assert least == {"name": "x", "tags": [{"k": "v"}]}
    assert (most["size"], most["tags"][0]["k"]) == (3, "v")


def test_an_operation_without_parameters_is_one_example() -> None:
    """And one that is not described is none."""
    assert found({}) == [("", None)]
    assert examples(document({}), Target("GET", PathPattern("/pools/{id}"))) == ()
    assert examples({}, Target("GET", PathPattern("/"))) == ()


def test_examples_are_bounded() -> None:
    """However many options there are."""
    assert len(found({"parameters": [parameter(f"p{n}", type="string") for n in range(40)]})) == MOST


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda inner: st.dictionaries(
            st.sampled_from(["$ref", "type", "properties", "items", "anyOf", "required", "enum", "x"]),
            inner,
            max_size=3,
        ),
        max_leaves=8,
    )
)
def test_odd_schemas_never_loop(schema: Any) -> None:
    """Whatever a document says where a schema should be, the answer comes or there is none."""
    if isinstance(schema, dict) and all(isinstance(schema.get(key, {}), dict) for key in ("properties", "items")):
        schema = {key: value for key, value in schema.items() if key in {"$ref", "type"}}
        assert len(found({"parameters": [{"name": "a", "in": "query", "schema": schema}]})) <= 2


def test_a_reference_to_itself_ends() -> None:
    """A schema that is its own reference is nothing."""
    operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}
    loop = {"$ref": "#/components/schemas/A"}
    assert found(operation, A=loop)[0][1] == "x"


@pytest.mark.parametrize("value", ["a b&c", "ü"])
def test_values_are_encoded(value: str) -> None:
    """As a query holds them."""
    ((_, _), *_) = found({"parameters": [parameter("q", required=True, type="string", default=value)]})
    assert "&" not in found({"parameters": [parameter("q", required=True, type="string", default=value)]})[0][0]
