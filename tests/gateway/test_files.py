"""Whether the files that a table names can be used."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.files import file_problems
from tests.apps.certificates import DAY
from tests.apps.certificates import written as certified
from tests.apps.route_tables import GOOD, written

LISTEN = "  listen: 127.0.0.1:8800\n"
TLS = "  public_url: https://gw.example\n  tls:\n    certificate: tls.pem\n    key: ${WHERE:-.}/tls.key\n"
OPENAPI = "    authorization: forward\n    openapi: docs.json\n"
WITH_TLS = GOOD.replace(LISTEN, LISTEN + TLS)
WITH_OPENAPI = GOOD.replace("    authorization: forward\n", OPENAPI)
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {}}


def told(path: Path) -> list[str]:
    """Problems as `line: message; mend`, without the folder."""
    return [f"{it.line}: {it.message}; {it.mend}".replace(f"{path.parent}/", "") for it in file_problems(path, {})]


def test_a_pair_and_documents_that_can_be_used_are_fine() -> None:
    """Relative paths start at the file's folder, wherever the command was called."""
    path = written(WITH_TLS.replace("    authorization: forward\n", OPENAPI))
    certified(path.parent)
    (path.parent / "docs.json").write_text(json.dumps(DOCUMENT))
    assert told(path) == []


def test_a_table_without_files_has_nothing_to_look_at() -> None:
    """Nor has one that cannot be read: that is told elsewhere."""
    assert told(written(GOOD)) == []
    assert told(written("a: [1\n")) == []
    assert told(Path("/nonexistent/cutover.yaml")) == []


def test_each_missing_file_is_told_where_it_is_named() -> None:
    """One line each, together with those of services."""
    path = written(WITH_TLS.replace("    authorization: forward\n", OPENAPI))
    pem = "cannot be read: No such file or directory; write the path of a PEM file that the gateway may read"
    document = "cannot be read: No such file or directory; name an OpenAPI 3 document as JSON beside cutover.yaml"
    assert told(path) == [
        f"7: gateway: tls: certificate tls.pem {pem}",
        f"8: gateway: tls: key tls.key {pem}",
        f"13: service main: openapi docs.json {document}, or write /openapi.json to ask the service",
    ]


def test_a_folder_or_a_file_of_somebody_else_is_told() -> None:
    """What cannot be opened as a file is said to be none; what may not be read, that it may not."""
    path = written(WITH_TLS)
    certified(path.parent)
    (path.parent / "tls.key").unlink()
    (path.parent / "tls.key").mkdir()
    assert told(path)[0].startswith("8: gateway: tls: key tls.key is no file;")
    (path.parent / "tls.key").rmdir()
    os.mkfifo(path.parent / "tls.key")
    assert told(path)[0].startswith("8: gateway: tls: key tls.key is no file;")
    if os.geteuid():
        (path.parent / "tls.pem").chmod(0)
        assert told(path)[0].startswith("7: gateway: tls: certificate tls.pem cannot be read: Permission denied;")


def test_a_pair_that_does_not_fit_is_told() -> None:
    """Another's key, a locked one, and what is no certificate."""
    path = written(WITH_TLS)
    tls = certified(path.parent)
    other = path.parent / "other"
    other.mkdir()
    shutil.copy(certified(other).key, tls.key)
    assert told(path)[0].startswith("7: gateway: tls: tls.pem and tls.key cannot be used: the key is not the cert")
    certified(path.parent, passphrase=b"x" * 8)
    assert told(path)[0].startswith("7: gateway: tls: the key is locked by a passphrase; write one that is not")
    Path(tls.certificate).write_text("hello")
    assert re.match(r"7: gateway: tls: tls\.pem and tls\.key cannot be used: .*; write a PEM", told(path)[0])


@pytest.mark.parametrize(
    ("after", "problem"),
    [(-3 * DAY, "has expired on 2"), (timedelta(hours=2), "does not hold before 2"), (timedelta(), "")],
)
def test_a_certificate_that_does_not_hold_today_is_told(after: timedelta, problem: str) -> None:
    """Before its time and after it every client turns away, and OpenSSL shows it all the same."""
    path = written(WITH_TLS)
    certified(path.parent, after=after)
    found = told(path)
    assert bool(found) == bool(problem)
    assert all(f"7: gateway: tls: certificate tls.pem {problem}" in line for line in found)


def test_a_certificate_without_readable_dates_is_told() -> None:
    """OpenSSL loads it, and no client takes it."""
    path = written(WITH_TLS)
    tls = certified(path.parent)
    lines = Path(tls.certificate).read_text().splitlines()
    der = base64.b64decode("".join(lines[1:-1]))
    wrong = re.sub(rb"\d{12}Z", b"991399000000Z", der)
    text = base64.encodebytes(wrong).decode()
    Path(tls.certificate).write_text(f"{lines[0]}\n{text}{lines[-1]}\n")
    assert told(path) == [
        "7: gateway: tls: certificate tls.pem does not say when it holds; write one that holds today"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cannot be used: it is no JSON"),
        ("openapi: 3.1.0\n", "cannot be used: it is no JSON"),
        ("{}", "cannot be used: it is no OpenAPI 3 document"),
        ('{"swagger": "2.0"}', "cannot be used: it is no OpenAPI 3 document"),
        (" " * (4 << 20) + "{}", "cannot be used: it is larger than 4 MiB"),
    ],
)
def test_a_document_that_cannot_be_used_is_told(text: str, problem: str) -> None:
    """At the service that names it."""
    path = written(WITH_OPENAPI)
    (path.parent / "docs.json").write_text(text)
    assert told(path)[0].startswith(f"9: service main: openapi docs.json {problem};")
