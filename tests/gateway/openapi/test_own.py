"""The gateway's own components."""

from __future__ import annotations

import re
from pathlib import Path

from gateway import problem
from gateway.openapi.own import PROBLEMS, components, header_references, idempotency_reference, problem_reference

ROOT = Path(__file__).parents[3]


def test_every_reference_leads_to_a_component() -> None:
    """Answers and headers refer to what is there."""
    known = components({})
    assert {problem_reference(status)["$ref"].rpartition("/")[2] for status in PROBLEMS} == set(known["responses"])
    assert {item["$ref"].rpartition("/")[2] for item in header_references().values()} < set(known["headers"])
    assert idempotency_reference()["$ref"].rpartition("/")[2] in known["parameters"]


def test_the_problem_schema_is_what_problems_look_like() -> None:
    """Its members are those of a real problem."""
    schema = components({})["schemas"]["Problem"]
    body = problem.NotFound("x").body("id").decode()
    assert set(re.findall(r'"(\w+)":', body)) == set(schema["properties"])


def test_services_schemas_stand_beside_the_own() -> None:
    """None gets lost."""
    assert {"A", "Problem"} < set(components({"A": {}})["schemas"])
