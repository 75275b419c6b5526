"""Which files the table names, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config import NamedFiles, named_files
from gateway.config.problem import Lined
from tests.apps.route_tables import GOOD, written

if TYPE_CHECKING:
    from pathlib import Path

TLS = "  tls: {certificate: '${WHERE}/tls.pem', key: /etc/tls.key}\n"
OPENAPI = "    authorization: forward\n    openapi: docs/main.json\n"


def test_each_file_comes_with_its_line() -> None:
    """Paths start at the table's folder; what stands at a service or a URL is no file."""
    text = GOOD.replace("  listen: 127.0.0.1:8800\n", "  listen: 127.0.0.1:8800\n" + TLS)
    text = text.replace("    authorization: forward\n", OPENAPI)
    path = written(text)
    found = named_files(path, {"WHERE": "certs"})
    assert found.certificate == Lined(path.parent / "certs" / "tls.pem", 5)
    assert found.key is not None
    assert (str(found.key.value), found.key.line) == ("/etc/tls.key", 5)
    assert found.documents == {"main": Lined(path.parent / "docs" / "main.json", 10)}
    for elsewhere in ("/openapi.json", "https://docs.example/a.json"):
        path.write_text(text.replace("docs/main.json", elsewhere))
        assert named_files(path, {"WHERE": "certs"}).documents == {}


def test_what_else_is_wrong_does_not_hide_them(tmp_path: Path) -> None:
    """A table with errors names its files all the same; one that is none, or not there, names nothing."""
    bad = GOOD.replace("platform: demo", "platfrom: demo").replace("rate: 5", "rate: x").replace("jwt", "jtw")
    path = written(bad.replace("    authorization: forward\n", OPENAPI))
    assert list(named_files(path, {}).documents) == ["main"]
    for text in ("a: [1\n", "- a\n", ""):
        path.write_text(text)
        assert named_files(path, {}) == NamedFiles()
    assert named_files(tmp_path / "none.yaml", {}) == NamedFiles()
