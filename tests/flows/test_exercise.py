"""Routes that nobody calls: exercised against the platform behind a real gateway, and nothing is executed."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from gateway.store.browse import browse
from gateway.store.database import open_store
from migrate.demo.stack import Stack
from reports.evidence import gather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.nouns import RouteEvidence

pytestmark = pytest.mark.proof

EXAMPLES = """exercise: [
     {body: '{"model_name": "m", "replicas": 1}'},
     {body: '{"model_name": "m", "replicas": 1, "gpu_per_replica": 1}'}],
     """


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform with its gateway; no shadow and no caller."""
    with Stack(tmp_path_factory.mktemp("exercise")) as made:
        config, start = made.places.config, "{id: deployments.create, "
        text = config.read_text()
        assert start in text
        config.write_text(text.replace(start, start + EXAMPLES))
        made.start_gateway()
        yield made


def document(stack: Stack, *arguments: str) -> dict[str, Any]:
    """What a command prints as JSON."""
    out = stack.children.command(*arguments).stdout
    found: dict[str, Any] = json.loads(out[out.index("\n{") + 1 if not out.startswith("{") else 0 :])
    return found


def evidence(stack: Stack, route: str) -> RouteEvidence:
    """What is known of a route."""
    with closing(open_store(stack.places.store)) as connection:
        return gather(connection, stack.table).routes[route]


def test_shapes_are_compared_and_nothing_reaches_the_platform(stack: Stack) -> None:
    """Declared shapes give observations labelled as exercise; the journal holds no write."""
    stack.platform.forget()
    before = evidence(stack, "deployments.create").exercised  # another test may have exercised it
    found = document(stack, "exercise", "deployments.create", "--json")
    assert {(one["outcome"], one["detail"]) for one in found["exercised"]} == {("same", "")}
    assert [one["origin"] for one in found["exercised"]][:2] == ["declared", "declared"]
    shapes = len({one["shape"] for one in found["exercised"]})
    assert shapes == len(found["exercised"]) >= 2
    assert found["passed"]
    assert [one for one in stack.platform.deliveries() if one["method"] not in {"GET", "HEAD"}] == []
    with closing(open_store(stack.places.store)) as connection:
        assert {one.source for one in browse(connection)} == {"exercise"}
        assert {one.id for one in browse(connection)} >= {one["observation"] for one in found["exercised"]}
    after = evidence(stack, "deployments.create")
    assert after.exercised.agreed - before.agreed == after.exercised.total - before.total == shapes
    assert (after.observed.total, after.pairs.total, after.subjects) == (0, 0, 0)


def test_the_same_shapes_again_are_no_further_shapes(stack: Stack) -> None:
    """Each exercise is counted, but a shape proves no more by being exercised twice."""
    found = document(stack, "exercise", "deployments.create", "--json")
    document(stack, "exercise", "deployments.create", "--json")
    known = evidence(stack, "deployments.create")
    assert known.exercised.agreed >= 2 * len(found["exercised"])
    assert len(known.exercised_shapes) == len({one["shape"] for one in found["exercised"]})


def test_readiness_labels_it_as_weaker(stack: Stack) -> None:
    """Coverage may pass by exercise and says so; the match rate has not one pair more."""
    document(stack, "exercise", "deployments.create", "--json")
    stack.children.command("promote", "deployments.create", "--to", "shadow", "--force", "--reason", "test")
    (route,) = document(stack, "report", "readiness", "deployments.create", "--json", "-")["routes"]
    assert route["exercised"]["match"] + route["exercised"]["expected"] >= 2
    assert sum(route["pairs"].values()) == 0
    checks = {one["check"]: one for one in route["checks"]}
    assert checks["coverage"]["passed"]
    assert "by exercise only, which is weaker" in checks["coverage"]["evidence"]
    assert not checks["parity"]["passed"]
    assert "exercises not counted" in checks["parity"]["evidence"]


def test_a_route_is_exercised_by_its_document_alone(stack: Stack) -> None:
    """Where nothing is declared; an unknown route is a usage error."""
    found = document(stack, "exercise", "pools.create", "--json")
    assert {one["origin"] for one in found["exercised"]} == {"openapi"}
    assert stack.children.command("exercise", "nothing.such").returncode == 2
