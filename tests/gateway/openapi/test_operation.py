"""One operation."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.routes import Access, Effect
from gateway.openapi.operation import applicable, operation
from tests.apps.table import route
from tests.gateway.openapi.documents import answering, described

GET = route("things.get", "compute", "GET /things/{id}", "GET /api/things/{id}", aliases=["GET /old/{id}"])


def test_the_table_alone_gives_an_operation() -> None:
    """Without a document: path parameters, access, what the gateway answers itself."""
    said = operation(GET, None)
    assert (said["operationId"], said["tags"], said["security"]) == ("things.get", ["things"], [{"jwt": []}])
    assert said["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    assert {"default", "400", "401", "404", "429", "502", "503", "504"} <= set(said["responses"])
    assert said["x-cutover-effect"] == "read"
    assert said["x-cutover-service"] == "compute"


def test_the_service_describes_it() -> None:
    """Summary, description, parameters under the route's names, body and answers."""
    known = described(
        {
            "/things/{thing_id}": {
                "parameters": [{"name": "thing_id", "in": "path", "schema": {"type": "integer"}}],
                "get": answering(
                    summary="s",
                    description="d",
                    deprecated=True,
                    operationId="theirs",
                    servers=[{"url": "http://10.0.0.1"}],
                    callbacks={},
                    parameters=[{"name": "q", "in": "query"}],
                ),
            }
        }
    )
    said = operation(GET, known)
    assert [item["name"] for item in said["parameters"]] == ["id", "q"]
    assert said["parameters"][0]["schema"] == {"type": "integer"}
    assert (said["summary"], said["description"], said["deprecated"]) == ("s", "d", True)
    assert said["operationId"] == "things.get"
    assert "10.0.0.1" not in str(said)


def test_an_alias_describes_it_too() -> None:
    """Whichever spelling the document knows."""
    known = described({"/old/{x}": {"get": answering(summary="from the alias")}})
    assert operation(GET, known)["summary"] == "from the alias"


@pytest.mark.parametrize("name", ["X-Internal-API-Key", "x_user_id", "Authorization", "Host", "X-Forwarded-For"])
def test_headers_that_the_gateway_states_are_no_parameters(name: str) -> None:
    """A client that sends them is not believed, so nobody is told to."""
    listed = [{"name": name, "in": "header"}, {"name": "X-Client-Version", "in": "header"}]
    known = described({"/things/{id}": {"get": answering(parameters=listed)}})
    assert [item["name"] for item in operation(GET, known)["parameters"]] == ["X-Client-Version", "id"]


def test_the_services_answer_and_the_gateways_share_a_status() -> None:
    """Both contents stand under it; successes say what may still be asked."""
    refused = {"description": "theirs", "content": {"application/json": {}}}
    known = described({"/things/{id}": {"get": {"responses": {"200": {"description": "ok"}, "404": refused}}}})
    answers = operation(GET, known)["responses"]
    assert set(answers["404"]["content"]) == {"application/json", "application/problem+json"}
    assert answers["502"] == {"$ref": "#/components/responses/Unreachable"}
    assert "RateLimit" in answers["200"]["headers"]


@pytest.mark.parametrize(
    ("target", "options", "without", "with_"),
    [
        ("GET /a", {"access": Access.PUBLIC}, {"401", "403", "409", "413"}, {"400", "404", "429"}),
        ("GET /a", {"effect": Effect.WRITE}, {"409", "422"}, {"401", "403"}),
        ("POST /a", {"effect": Effect.METERED}, set(), {"409", "422", "401", "403"}),
        ("POST /a", {"effect": Effect.READ}, {"409", "422"}, {"413"}),
    ],
)
def test_only_what_applies_is_told(target: str, options: dict[str, Any], without: set[str], with_: set[str]) -> None:
    """A public read refuses nobody for a token; only what writes or costs knows an Idempotency-Key."""
    found = set(applicable(route("a", "compute", target, target, **options), has_body=True))
    assert not found & without
    assert with_ <= found


def test_a_body_may_be_too_large() -> None:
    """Where there is one."""
    post = route("a", "compute", "POST /a", "POST /a")
    assert "413" in applicable(post, has_body=True)
    assert "413" not in applicable(post, has_body=False)


def test_a_write_knows_an_idempotency_key() -> None:
    """Once, whatever the service says of it; a read does not."""
    known = described({"/a": {"post": answering(parameters=[{"name": "Idempotency-Key", "in": "header"}])}})
    said = operation(route("a", "compute", "POST /a", "POST /a"), known)
    assert said["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]
    assert {"409", "422"} <= set(said["responses"])
    assert "IdempotencyKey" not in str(operation(GET, None))


def test_a_permission_is_told() -> None:
    """So that whoever reads the document knows what it takes."""
    assert (
        operation(route("a", "compute", "GET /a", "GET /a", permission="a:b"), None)["x-cutover-permission"] == "a:b"
    )
