"""Schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi.merge import merged
from gateway.openapi.schema import Pointer, schema_of
from tests.apps.table import route, table
from tests.gateway.openapi.documents import answering, described

NEW = described(schemas={"A": {"type": "object"}, "T": True})
OLD = described(version="3.0.3", schemas={"A": {"type": "object"}})
KEYWORDS = [
    "type",
    "items",
    "properties",
    "required",
    "enum",
    "anyOf",
    "minimum",
    "exclusiveMinimum",
    "nullable",
    "pattern",
    "$ref",
    "discriminator",
    "additionalProperties",
    "format",
    "default",
    "prefixItems",
]


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (True, True),
        ([], {}),
        ({"type": "string", "minLength": 1, "x-own": 1, "$id": "urn:x"}, {"type": "string", "minLength": 1}),
        ({"type": ["string", "null", "what", 7]}, {"type": ["string", "null"]}),
        ({"type": "wat", "minLength": -1, "required": "a", "enum": [], "multipleOf": 0, "minimum": True}, {}),
        ({"$ref": "#/components/schemas/A"}, {"$ref": Pointer("A")}),
        ({"$ref": "#/components/schemas/T", "title": "t"}, {"$ref": Pointer("T"), "title": "t"}),
        ({"$ref": "#/components/schemas/none"}, {}),
        ({"$ref": "https://elsewhere.example/x"}, {}),
        (
            {"items": {"type": "null"}, "anyOf": [{"type": "string"}, 7]},
            {"items": {"type": "null"}, "anyOf": [{"type": "string"}, {}]},
        ),
        ({"items": [{}], "allOf": [], "properties": []}, {}),
        ({"properties": {"type": {"type": "string"}}}, {"properties": {"type": {"type": "string"}}}),
        ({"example": {"$ref": "data"}}, {"examples": [{"$ref": "data"}]}),
        ({"default": {"nullable": True}, "const": None}, {"default": {"nullable": True}, "const": None}),
        (
            {"discriminator": {"propertyName": "k", "mapping": {"a": "#/components/schemas/A", "b": "B"}}},
            {"discriminator": {"propertyName": "k", "mapping": {"a": Pointer("A")}}},
        ),
        ({"discriminator": {"propertyName": 1}}, {}),
    ],
)
def test_known_keywords_of_the_right_shape_are_kept(given_: Any, expected: Any) -> None:
    """Everything else is left out; values that are data stay as they are."""
    assert schema_of(NEW, given_) == expected


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": True},
            {"anyOf": [{"allOf": [{"$ref": Pointer("A")}]}, {"type": "null"}]},
        ),
        ({"$ref": "#/components/schemas/A", "nullable": True}, {"$ref": Pointer("A")}),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"type": "string", "format": "binary"}, {"type": "string", "contentMediaType": "application/octet-stream"}),
        ({"type": "string", "format": "byte"}, {"type": "string", "contentEncoding": "base64"}),
        ({"nullable": True}, {}),
    ],
)
def test_the_older_standard_is_said_in_the_newer_ones_words(given_: Any, expected: Any) -> None:
    """What 3.0 means otherwise, 3.1 says otherwise."""
    assert schema_of(OLD, given_) == expected


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["string", "null", "#/components/schemas/A", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=40)
@given(VALUES, st.sampled_from(["3.0.3", "3.1.0"]))
def test_whatever_a_service_writes_the_merged_document_is_valid(schema: Any, version: str) -> None:
    """No schema, however broken, makes the document of all services invalid."""
    content = {"application/json": {"schema": schema}}
    known = described(
        {"/a": {"post": answering(requestBody={"content": content})}}, version, {"A": schema, "B": {"type": "string"}}
    )
    routes = table("http://a", route("a", "compute", "POST /a", "POST /api/a"))
    document = merged(routes, {"compute": known}, prefix="/api/v1", url="http://g", version="1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
