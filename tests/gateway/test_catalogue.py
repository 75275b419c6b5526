"""The catalogue of metrics, beside the code that counts and the page that explains."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import gateway
from gateway.catalogue import METRICS

ROOT = Path(gateway.__file__).parent
PAGE = ROOT.parent / "docs" / "metrics.md"
SOURCES = {path: path.read_text() for path in ROOT.rglob("*.py") if path.name != "catalogue.py"}
COUNTING = {"count", "counter", "observe", "histogram"}


def test_everything_counted_is_declared_with_its_labels() -> None:
    """No place counts under a name or a label that the catalogue does not have."""
    seen = 0
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in COUNTING:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and str(first.value).startswith("cutover_"):
                    labels = {keyword.arg for keyword in node.keywords}
                    assert labels == set(METRICS[str(first.value)].labels), f"{path.name}: {first.value}"
                    seen += 1
    assert seen > 15


def test_everything_declared_is_told_somewhere() -> None:
    """No metric is in the catalogue that no code speaks of, and none the other way round."""
    names = re.compile(r"\b(?:cutover|process)_[a-z_]+[a-z]")
    spoken = {name for source in SOURCES.values() for name in names.findall(source)}
    spoken = {name for name in spoken if name.startswith("cutover_") or name in METRICS}
    assert spoken == set(METRICS)


def test_page_explains_every_metric() -> None:
    """The table in docs/metrics.md is the catalogue: name, kind, labels, meaning."""
    row = re.compile(r"^\| `((?:cutover|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", re.MULTILINE)
    rows = row.findall(PAGE.read_text())
    told = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows}
    assert told == {name: tuple(metric) for name, metric in METRICS.items()}
    assert len(rows) == len(told)
