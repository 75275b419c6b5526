"""A service's document as it comes."""

from __future__ import annotations

import json

import pytest

from gateway.openapi.described import Described, Unusable, component
from tests.apps.table import target
from tests.gateway.openapi.documents import answering, described


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"<html>", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "no OpenAPI 3"),
        (b'{"swagger": "2.0"}', "no OpenAPI 3"),
        (b'{"openapi": 3}', "no OpenAPI 3"),
        (b'{"openapi": "4.0.0"}', "no OpenAPI 3"),
        (b"[" * 5000 + b"]" * 5000, "no OpenAPI 3|no JSON"),
        (b'{"openapi": "3.1.0", "x": ' + b"[" * 150 + b"]" * 150 + b"}", "more deeply than 100"),
        (b"[" * 1_000_000, "no JSON"),
    ],
)
def test_what_is_no_document_is_refused(text: bytes, why: str) -> None:
    """Garbage, another format, and what would overflow whoever walks it."""
    with pytest.raises(Unusable, match=why):
        Described(text)


def test_operations_are_found_whatever_their_parameters_are_called() -> None:
    """The method and the shape of the path decide; a rest of several segments is one parameter to OpenAPI."""
    known = described({"/things/{thing_id}/parts/{part}": {"get": answering(), "parameters": [1]}})
    found = known.find(target("GET /things/{id}/parts/{rest*}"))
    assert found
    assert (found.names, found.shared) == (("thing_id", "part"), (1,))
    assert known.find(target("POST /things/{id}/parts/{part}")) is None
    assert known.find(target("GET /things/{id}")) is None


@pytest.mark.parametrize("paths", [[], {"/a": []}, {"/a": {"get": 7}}, None])
def test_wrong_shapes_hold_nothing(paths: object) -> None:
    """What should be a mapping and is none is taken for empty."""
    known = Described(json.dumps({"openapi": "3.0.3", "paths": paths, "components": 5}).encode())
    assert known.find(target("GET /a")) is None
    assert known.schema("A") is None
    assert known.old


def test_references_are_followed_and_loops_end() -> None:
    """A reference to a component gives the component; one that leads nowhere, or round, gives nothing."""
    known = described(
        parameters={
            "A": {"$ref": "#/components/parameters/B"},
            "B": {"name": "b"},
            "L": {"$ref": "#/components/parameters/L"},
        }
    )
    assert known.resolved({"$ref": "#/components/parameters/A"}, "parameters") == {"name": "b"}
    for lost in ("#/components/parameters/L", "#/components/parameters/none", "other.json#/x", 7):
        assert known.resolved({"$ref": lost}, "parameters") == {}


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("#/components/schemas/A", "A"),
        ("#/components/schemas/A~1B~0C", "A/B~C"),
        ("#/components/schemas/A/properties/b", ""),
        ("#/components/responses/A", ""),
        (None, ""),
    ],
)
def test_names_in_references(reference: object, name: str) -> None:
    """Only whole components of the kind count (RFC 6901 escapes read)."""
    assert component(reference, "schemas") == name
