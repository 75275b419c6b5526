"""The merged document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.config import load_table
from gateway.core.routes import Access, Kind
from gateway.openapi import Described, merged, with_stages
from tests.apps.table import route, service, table
from tests.gateway.openapi.documents import answering, described

ROOT = Path(__file__).parents[3]
DOCUMENTS = ROOT.parent / "shared" / "platform" / "openapi"
REFERENCE = {"$ref": "#/components/schemas/Thing"}


def returning(name: str) -> dict[str, Any]:
    """An operation that answers with a schema."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"responses": {"200": {"description": "ok", "content": content}}}


def merge(*routes: Any, **documents: Described | None) -> dict[str, Any]:
    """The merged document, valid."""
    document = merged(table("http://a", *routes), documents, prefix="/api/v1", url="http://g", version="1")
    assert list(OpenAPIV31SpecValidator(json.loads(json.dumps(document))).iter_errors()) == []
    return document


A = route("a.get", "compute", "GET /a", "GET /api/a")
B = route("b.get", "front", "GET /b", "GET /api/b")


def schema_name(document: dict[str, Any], path: str) -> str:
    """The schema an operation answers with."""
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    return str(content["application/json"]["schema"]["$ref"]).rpartition("/")[2]


def test_what_is_exposed_is_there_and_nothing_else() -> None:
    """Internal routes, sockets and the schemas only they use never appear."""
    document = merge(
        A,
        route("socket", "compute", "GET /s", "GET /api/s", kind=Kind.WEBSOCKET),
        route("keys", "compute", "GET /internal/keys", None, access=Access.INTERNAL),
        compute=described(
            {"/a": {"get": returning("Thing")}, "/internal/keys": {"get": returning("Secret")}},
            schemas={
                "Thing": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
                "Part": {},
                "Secret": {},
            },
        ),
    )
    assert [path for path in document["paths"] if path.startswith("/api/") and "health" not in path] == ["/api/a"]
    assert {"Thing", "Part"} <= set(document["components"]["schemas"])
    assert "Secret" not in json.dumps(document)
    assert "internal" not in json.dumps(document)


def test_equal_schemas_are_shared_and_others_carry_their_service() -> None:
    """One name where both mean the same; where they differ, or lead to what differs, each has its own."""
    same = {"type": "object", "properties": {"n": {"type": "integer"}}}
    one = {
        "Thing": same,
        "Box": {"properties": {"in": {"$ref": "#/components/schemas/Inner"}}},
        "Inner": {"type": "string"},
    }
    two = {**one, "Inner": {"type": "integer"}}
    for name, expected in (("Thing", ("Thing", "Thing")), ("Box", ("compute.Box", "front.Box"))):
        document = merge(
            A,
            B,
            compute=described({"/a": {"get": returning(name)}}, schemas=one),
            front=described({"/b": {"get": returning(name)}}, schemas=two),
        )
        assert (schema_name(document, "/api/a"), schema_name(document, "/api/b")) == expected
    inner = document["components"]["schemas"]["front.Box"]["properties"]["in"]["$ref"]
    assert inner == "#/components/schemas/front.Inner"


@pytest.mark.parametrize("name", ["Problem", "Page[Item]", "a b", "front.Problem", "Ärger"])
def test_awkward_names_are_made_to_fit(name: str) -> None:
    """The gateway's own names stay its own, and what must not stand in a name is replaced."""
    known = {name: {"type": "string"}}
    document = merge(B, front=described({"/b": {"get": returning(name)}}, schemas=known))
    found = schema_name(document, "/api/b")
    assert document["components"]["schemas"][found] == {"type": "string"}
    assert document["components"]["schemas"]["Problem"]["description"].startswith("What the gateway")


def test_schemas_that_refer_to_themselves_are_merged() -> None:
    """A tree stays a tree."""
    tree = {"properties": {"children": {"type": "array", "items": REFERENCE}}}
    document = merge(A, compute=described({"/a": {"get": returning("Thing")}}, schemas={"Thing": tree}))
    assert document["components"]["schemas"]["Thing"]["properties"]["children"]["items"] == REFERENCE


def test_a_service_without_a_document_is_told_of() -> None:
    """Its routes are there by the table alone, and whether a document was not named or not read is said as it is."""
    document = merge(A, B, compute=described({"/a": {"get": answering()}}), front=None)
    assert document["info"]["x-cutover-without-document"] == ["front"]
    assert document["paths"]["/api/b"]["get"]["operationId"] == "b.get"
    unnamed = "Of front only the route table is known: none of their documents is named there."
    assert document["info"]["description"] == f"Every operation on its gateway path. {unnamed}"
    front = service("front", "http://a", openapi="/openapi.json")
    known = table("http://a", A, B, services=(front,))
    for compute, also in (
        (described({"/a": {"get": answering()}}), ()),
        (None, (unnamed.replace("front", "compute"),)),
    ):
        found = merged(known, {"compute": compute, "front": None}, prefix="/api/v1", url="http://g", version="1")
        unread = "Of front only the route table is known: their own documents could not be read."
        assert found["info"]["description"] == " ".join(["Every operation on its gateway path.", *also, unread])


def test_one_path_has_one_spelling() -> None:
    """Two routes that name a parameter differently share the path; a rest of several segments gets its own."""
    document = merge(
        route("f.get", "compute", "GET /f/{id}", "GET /api/f/{id}"),
        route("f.delete", "compute", "DELETE /f/{name}", "DELETE /api/f/{name}"),
        route("f.rest", "compute", "GET /f/{id*}", "GET /api/f/{id*}"),
    )
    assert set(document["paths"]["/api/f/{id}"]) == {"get", "delete"}
    assert document["paths"]["/api/f/{id}"]["delete"]["parameters"][0]["name"] == "id"
    assert document["paths"]["/api/f/{id-rest}"]["get"]["operationId"] == "f.rest"


def test_stages_are_put_in_without_touching_the_document() -> None:
    """One merged document serves every revision of the flags."""
    document = merge(A)
    staged = with_stages(document, {"a.get": "canary"})
    assert staged["paths"]["/api/a"]["get"]["x-cutover-stage"] == "canary"
    assert "x-cutover-stage" not in document["paths"]["/api/a"]["get"]
    assert "x-cutover-stage" not in staged["paths"]["/api/v1/health/services"]["get"]


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="the platform's real documents are not on this machine")
def test_the_platforms_real_documents_merge() -> None:
    """The shipped table over what the services really publish: valid, complete, described, nothing internal."""
    known = load_table(ROOT / "migrate" / "presets" / "inferia.yaml")
    documents = {path.stem: Described(path.read_bytes()) for path in DOCUMENTS.glob("*.json")}
    document = merged(known, documents, prefix="/api/v1", url="http://g", version="1")
    assert list(OpenAPIV31SpecValidator(json.loads(json.dumps(document))).iter_errors()) == []
    said = {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
        if not operation["operationId"].startswith("cutover.")
    }
    assert set(said) == {
        item.id for item in known.routes if item.gateway is not None and item.kind is not Kind.WEBSOCKET
    }
    assert len([item for item in said.values() if "summary" in item]) > 60
    terminate = said["deployments.terminate"]
    assert [item["name"] for item in terminate["parameters"] if item.get("in") == "path"] == ["id"]
    assert not any("/internal" in path for path in document["paths"])
    assert "X-Internal" not in json.dumps(document)
