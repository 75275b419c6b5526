from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.migrate.commands.reviewing import SIGNATURE, Project, project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project with one open difference."""
    return project(tmp_path, monkeypatch, capsys)


@pytest.mark.proof
def test_open_differences_are_listed(made: Project) -> None:
    """Listing is no judgement: the exit code is 0."""
    code, out, _ = made.cutover("diffs")
    assert code == 0
    assert SIGNATURE in out
    assert "old → new" in out
    assert "1 open signature, 0 explained." in out


def test_explained_ones_on_request(made: Project) -> None:
    """An accepted signature is listed with --all only."""
    made.cutover("accept", SIGNATURE, "--reason", "agreed")
    assert SIGNATURE not in made.cutover("diffs")[1]
    assert "rule:expected" in made.cutover("diffs", "pools.*", "--all")[1]


def test_as_json(made: Project) -> None:
    """The document is the one of the diff report."""
    document = json.loads(made.cutover("diffs", "pools.list", "--json")[1])
    assert document["schema"] == "cutover/diffs/1"
    assert document["routes"][0]["signatures"][0]["signature"] == SIGNATURE


def test_samples_of_a_signature(made: Project) -> None:
    """A beginning of the signature shows its samples side by side."""
    assert "▶ body $[id=7].name (changed)" in made.cutover("diffs", "--signature", SIGNATURE[:5])[1]
    document = json.loads(made.cutover("diffs", "--signature", SIGNATURE, "--json")[1])
    assert (document["schema"], len(document["observations"])) == ("cutover/observations/1", 1)


def test_observations_by_verdict(made: Project) -> None:
    """The verdict as of now counts: accepted, a mismatch is listed as expected."""
    assert "body $[id=7].name" in made.cutover("diffs", "--verdict", "mismatch")[1]
    made.cutover("accept", SIGNATURE, "--reason", "agreed")
    assert json.loads(made.cutover("diffs", "--verdict", "mismatch", "--json")[1])["observations"] == []
    found = json.loads(made.cutover("diffs", "--verdict", "expected", "--json")[1])["observations"]
    assert [item["verdict"] for item in found] == ["expected"]
    assert (
        len(json.loads(made.cutover("diffs", "--verdict", "match", "--limit", "2", "--json")[1])["observations"]) == 2
    )


def test_what_was_seen_between_two_moments(made: Project) -> None:
    """Signatures and observations of a time, by durations or times; the text says what it shows."""
    out = made.cutover("diffs", "--since", "2h")[1]
    assert SIGNATURE in out
    assert "What was seen since " in out
    old = made.cutover("diffs", "--until", "1h")[1]
    assert SIGNATURE not in old
    assert "Nothing that was seen then waits for review." in old
    for query, number in (
        (("--verdict", "mismatch", "--since", "2h"), 1),
        (("--verdict", "mismatch", "--until", "1h"), 0),
        (("--signature", SIGNATURE, "--since", "2100-01-01"), 0),
    ):
        document = json.loads(made.cutover("diffs", *query, "--json")[1])
        assert len(document["observations"]) == number
    document = json.loads(made.cutover("diffs", "--since", "2030-01-31T10:00", "--json")[1])
    assert (document["since"], document["until"]) == ("2030-01-31T10:00:00.000+00:00", None)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--since", "yesterday"), 2, "--since yesterday: write how long ago"),
        (("--since", "1h", "--until", "2h"), 2, "--since 1h is not before --until 2h"),
        (("pools.lst",), 2, "did you mean pools.list"),
        (("--signature", "zzz"), 2, "no signature"),
        (("--verdict", "fine"), 2, "verdict"),
        (("--limit", "0"), 2, "limit"),
        (("--store", "nowhere.db"), 3, "no store here yet"),
        (("--config", "nowhere.yaml"), 3, "nowhere.yaml"),
    ],
)
def test_a_wrong_call(made: Project, arguments: tuple[str, ...], code: int, message: str) -> None:
    """One clear line and the right exit code."""
    got, out, err = made.cutover("diffs", *arguments)
    assert (got, out) == (code, "")
    assert message in err
