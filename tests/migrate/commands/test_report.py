from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from gateway.core.routes import Stage
from tests.migrate.commands.reviewing import SIGNATURE, Project, project
from tests.reports.builders import ROUTE

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project with one open difference."""
    return project(tmp_path, monkeypatch, capsys)


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["diffs", "readiness"])
def test_every_form_at_once(made: Project, kind: str) -> None:
    """Each named file is written, named on standard error, and fit for its reader; the exit code still judges."""
    files = {form: made.folder / f"report.{form}" for form in ("html", "md", "json", "junit")}
    options = [text for form, path in files.items() for text in (f"--{form}", str(path))]
    code, out, err = made.cutover("report", kind, *options)
    assert (code, out) == (1, "")
    assert err.count("wrote ") == 4
    assert files["html"].read_text().startswith("<!doctype html>")
    assert files["md"].read_text().startswith("## ")
    assert json.loads(files["json"].read_text())["schema"] == f"cutover/{kind}/1"
    assert ET.parse(files["junit"]).getroot().tag == "testsuites"


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["diffs", "readiness"])
def test_text_without_a_file_and_json_on_standard_output(made: Project, kind: str) -> None:
    """Without a file the text is printed; `--json -` prints the document alone."""
    assert ROUTE in made.cutover("report", kind)[1]
    assert json.loads(made.cutover("report", kind, ROUTE, "--json", "-")[1])["routes"][0]["route"] == ROUTE


@pytest.mark.proof
def test_nothing_compared_never_passes(made: Project) -> None:
    """With every observation gone stale the diff report says no and what to do; listing is no judgement."""
    made.cutover("accept", SIGNATURE, "--reason", "agreed")
    assert made.cutover("report", "diffs")[0] == 0
    for name in ("rollups", "pair_rollups", "sightings", "profiles", "subjects", "latencies"):
        made.filled.db.execute(f"UPDATE {name} SET digest = 'before'")
    for routes in ((), (ROUTE,)):
        code, out, _ = made.cutover("report", "diffs", *routes)
        assert code == 1
        assert "Nothing was compared yet on the current route digests: play" in out
    assert made.cutover("report", "readiness")[0] == 1
    assert made.cutover("diffs")[0] == 0


@pytest.mark.proof
def test_readiness_judges(made: Project) -> None:
    """Exit code 0 when every asked route is ready, by the target that was asked for."""
    made.filled.stage(Stage.SHADOW)
    made.process()
    made.probe()
    made.cutover("accept", SIGNATURE, "--reason", "agreed")
    assert made.cutover("report", "readiness", ROUTE)[0] == 1
    code, out, _ = made.cutover("report", "readiness", ROUTE, "--target", "0.5")
    assert code == 0, out
    assert "1 of 1 route ready" in out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("readiness", "--target", "1"), 2, "--target 1"),
        (("diffs", "nowhere"), 2, "no route"),
        (("diffs", "--html", "missing/r.html"), 3, "missing/r.html: the report cannot be written"),
        (("readiness", "--store", "nowhere.db"), 3, "no store here yet"),
    ],
)
def test_a_wrong_call(made: Project, arguments: tuple[str, ...], code: int, message: str) -> None:
    """One clear line and the right exit code."""
    got, out, err = made.cutover("report", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
