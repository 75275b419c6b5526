"""Moved parameters."""

from __future__ import annotations

from typing import Any

from gateway.openapi.moves import moved, renamed
from gateway.openapi.parts import Parts, body, parameters
from gateway.openapi.schema import Pointer
from tests.apps.table import route
from tests.gateway.openapi.documents import described

UUID = {"type": "string", "format": "uuid"}
KNOWN = described(
    schemas={
        "Terminate": {
            "type": "object",
            "title": "Terminate",
            "properties": {"deployment_id": UUID, "force": {"type": "boolean"}},
            "required": ["deployment_id"],
        },
        "Only": {"properties": {"id": {**UUID, "description": "which"}}, "required": ["id"]},
    }
)


def of(text: str, moves: list[tuple[str, str]], *nodes: Any, json: Any = None) -> tuple[dict[Any, Parts], Parts]:
    """Parameters and body after the moves of a route with this gateway target."""
    content = {"content": {"application/json": {"schema": json}}, "required": True} if json else None
    known = route("r", "compute", "POST /legacy", text, moves=moves)
    return moved(KNOWN, known, parameters(KNOWN, nodes), body(KNOWN, content))


def test_a_body_member_becomes_a_path_parameter() -> None:
    """Its schema goes along, the rest of the body stays."""
    listed, rest = of(
        "POST /d/{id}", [("body.deployment_id", "path.id")], json={"$ref": "#/components/schemas/Terminate"}
    )
    assert listed == {("path", "id"): {"name": "id", "in": "path", "required": True, "schema": UUID}}
    assert rest == {
        "content": {"application/json": {"schema": {"type": "object", "properties": {"force": {"type": "boolean"}}}}}
    }


def test_a_body_that_has_moved_away_is_gone() -> None:
    """With its last member; an optional reference is looked through."""
    schema = {"anyOf": [{"$ref": "#/components/schemas/Only"}, {"type": "null"}]}
    listed, rest = of("POST /d/{id}", [("body.id", "path.id")], json=schema)
    assert listed["path", "id"]["schema"] == {**UUID, "description": "which"}
    assert listed["path", "id"]["description"] == "which"
    assert rest == {}


def test_a_path_parameter_becomes_a_query_parameter() -> None:
    """It stays required, since the service cannot be asked without it."""
    listed, rest = of(
        "GET /pools",
        [("path.owner", "query.org_id")],
        {"name": "owner", "in": "path", "schema": UUID, "description": "d"},
    )
    expected = {"name": "org_id", "in": "query", "required": True, "description": "d", "schema": UUID}
    assert (listed, rest) == ({("query", "org_id"): expected}, {})


def test_a_query_parameter_goes_into_the_body() -> None:
    """The body becomes an object with it."""
    listed, rest = of(
        "POST /a", [("query.q", "body.q")], {"name": "q", "in": "query", "schema": UUID, "required": True}
    )
    schema = {"type": "object", "properties": {"q": UUID}, "required": ["q"]}
    assert (listed, rest) == ({}, {"content": {"application/json": {"schema": schema}}, "required": True})


def test_what_no_document_describes_is_a_text() -> None:
    """A path parameter is always there; one that the gateway's path has not is not."""
    listed, _ = of("POST /d/{id}/{more}", [("body.what", "path.id")], {"name": "stale", "in": "path"})
    assert {key: item["schema"] for key, item in listed.items()} == {
        ("path", "id"): {"type": "string"},
        ("path", "more"): {"type": "string"},
    }


def test_a_body_without_moves_stays_as_it_is() -> None:
    """A reference stays a reference."""
    _, rest = of("POST /d", [], json={"$ref": "#/components/schemas/Only"})
    assert rest["content"]["application/json"]["schema"] == {"$ref": Pointer("Only")}


def test_the_routes_own_names_are_used() -> None:
    """Only path parameters are renamed."""
    known = parameters(KNOWN, [{"name": "thing_id", "in": "path"}, {"name": "thing_id", "in": "query"}])
    assert list(renamed(known, {"thing_id": "id"})) == [("path", "id"), ("query", "thing_id")]
