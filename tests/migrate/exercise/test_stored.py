from __future__ import annotations

from typing import TYPE_CHECKING, Any

from migrate.exercise.stored import examples
from tests.apps.table import route
from tests.reports.builders import ROUTE, seen, store

if TYPE_CHECKING:
    from pathlib import Path


def asked(target: str = "/pools/7?limit=5", body: str = "", size: int | None = None) -> dict[str, Any]:
    """A redacted legacy exchange."""
    headers = [["content-type", "application/json"]] if body else []
    return {
        "request": {
            "target": target,
            "headers": headers,
            "body": body,
            "body_bytes": len(body) if size is None else size,
        }
    }


def test_each_shape_that_callers_used_is_one_example(tmp_path: Path) -> None:
    """Those that cannot be said again are left out: a cut body, another path, an earlier exercise."""
    one = route(ROUTE, "compute", "POST /pools/{id}", "POST /api/{id}")
    filled = store(
        tmp_path,
        [
            seen(shape="a", legacy=asked()),
            seen(shape="a", legacy=asked()),
            seen(shape="b", legacy=asked(body='{"n": "[masked 3 chars]"}')),
            seen(shape="c", legacy=asked(body='{"n": "xxx', size=9_000)),
            seen(shape="d", legacy=asked("/elsewhere")),
            seen(shape="e", legacy=asked(), source="exercise"),
        ],
    )
    found = {(example.query, example.body, example.origin) for example in examples(filled.db, one)}
    assert found == {("limit=5", "", "stored"), ("limit=5", '{"n": "[masked 3 chars]"}', "stored")}
