from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table, problems
from gateway.core.policy import Api

if TYPE_CHECKING:
    from pathlib import Path

FILE = """version: 1
platform: p
gateway: {{{gateway}}}
services:
  compute: {{legacy: "http://a:1", authorization: strip, shadow_listen: "127.0.0.1:1"{service}}}
limits: {{read: {{rate: 1}}}}
routes:
  - {{id: a, service: compute, legacy: GET /a, gateway: GET {path}, effect: read, access: public}}
"""


def write(folder: Path, gateway: str = "", service: str = "", path: str = "/api/a") -> Path:
    """A table with these settings."""
    file = folder / "cutover.yaml"
    file.write_text(FILE.format(gateway=gateway, service=f", {service}" if service else "", path=path))
    return file


def test_settings_are_read(tmp_path: Path) -> None:
    """Prefix and service of what passes through; document, health and title of a service; the file's own folder."""
    settings = 'openapi: docs/a.json, health: "/ready", title: Compute'
    table = load_table(write(tmp_path, "api: {prefix: /x/y}, passthrough: compute", settings))
    assert (table.policy.api, table.policy.passthrough) == (Api("/x/y"), "compute")
    service = table.services["compute"]
    assert (service.openapi, service.health, service.title) == ("docs/a.json", "/ready", "Compute")
    assert table.folder == str(tmp_path)


def test_what_is_usual(tmp_path: Path) -> None:
    """No document, the usual health page, nothing passes through."""
    table = load_table(write(tmp_path, service="health: none"))
    assert (table.policy.api.prefix, table.policy.passthrough) == ("/api/v1", "")
    assert (table.services["compute"].openapi, table.services["compute"].health) == ("", "")
    assert load_table(write(tmp_path)).services["compute"].health == "/health"


@pytest.mark.parametrize("place", ["/openapi.json", "/docs?format=json", "https://docs.example/a.json", "../a.json"])
def test_documents_stand_in_three_places(tmp_path: Path, place: str) -> None:
    """At the service, at a URL, in a file."""
    assert load_table(write(tmp_path, service=f'openapi: "{place}"')).services["compute"].openapi == place


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": "/api/v1/docs"}, "route a: /api/v1/docs is a page of the gateway's own; write another path"),
        ({"path": "/ofrep/v1/x"}, "route a: paths under /ofrep belong to the gateway itself"),
        ({"gateway": "api: {prefix: /api}", "path": "/api/openapi.json"}, "/api/openapi.json is a page"),
        ({"gateway": "passthrough: compote"}, "3: gateway: passthrough 'compote' is not known; write compute"),
        ({"gateway": "passthrough: zzz"}, "3: gateway: passthrough 'zzz' is not known; write compute"),
        ({"gateway": "api: {prefix: api}"}, "'api' is no prefix; write a path such as /api/v1"),
        ({"gateway": "api: {prefix: /ofrep}"}, "'/ofrep' is no prefix"),
        ({"gateway": "api: {prefix: /.cutover/x}"}, "is no prefix"),
        ({"gateway": "api: {prefix: '/a/'}"}, "is no prefix"),
        ({"service": "openapi: 'ftp://x/y'"}, "'ftp://x/y' is no document; write /openapi.json"),
        ({"service": "openapi: '/a b'"}, "is no document"),
        ({"service": "openapi: 'http://a:99999/b'"}, "'http://a:99999' is no URL; write http://host:port"),
        ({"service": "openapi: 'http://[a/b'"}, "'http://[a/b' is no URL; write https://host/path"),
        ({"service": 'openapi: "http://a/b\\r\\nX-A: b"'}, "is no document"),
        ({"service": "health: ready"}, "'ready' is no path; write a path such as /health, or none"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, options: dict[str, str], told: str) -> None:
    """With what to write instead."""
    found = problems(write(tmp_path, **options))
    assert any(re.search(re.escape(told), item.text(tmp_path)) for item in found), [i.message for i in found]
