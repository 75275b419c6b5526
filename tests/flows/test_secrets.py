"""No secret of the recording is written down: not in the store, not in a report, not in what a command prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.presets import write
from tests.apps.recordings import internal_key, signing_key
from tests.shadow.session_secrets import HAR, exchanges, secrets, spellings

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
FOLDERS = ("gateway", "shadow", "loadtests", "reports", "migrate", "tests", "docs", ".ci")
SHORT = 7
"""Shorter ones are one-time codes: looked for as whole numbers, since six digits also stand in timestamps."""


def keys() -> dict[str, str]:
    """The recorded platform's own keys, as the commands take them."""
    return {"CUTOVER_JWT_SECRET": signing_key(), "CUTOVER_INTERNAL_KEY": internal_key()}


def cutover(folder: Path, *arguments: str) -> bytes:
    """Everything a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", *arguments],
        cwd=folder,
        env={**os.environ, **keys()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=55,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout.decode()
    return done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file and output that a recorded closed replay and all reports leave behind."""
    if not HAR.is_file():
        pytest.skip(f"the recording is not at {HAR}")
    folder = tmp_path_factory.mktemp("secrets")
    write(folder / "cutover.yaml")
    said = {"replay": cutover(folder, "replay", str(HAR), "--against", "embedded", "--record", "--json")}
    for kind in ("diffs", "readiness"):
        forms = [part for form in ("html", "md", "json", "junit") for part in (f"--{form}", f"{kind}.{form}")]
        said[kind] = cutover(folder, "report", kind, *forms)
    said["diffs --all"] = cutover(folder, "diffs", "--all", "--json")
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {**said, **files}


def test_the_store_and_every_report_were_written(written: dict[str, bytes]) -> None:
    """What is searched is there and holds what was compared."""
    assert {"diffs.html", "readiness.html", "diffs.json", "readiness.junit", ".cutover/cutover.db"} <= set(written)
    assert sum(len(data) for name, data in written.items() if "cutover.db" in name) > 500_000
    assert b"deployments.list" in written["diffs.html"]


def test_no_secret_of_the_recording_is_in_them(written: dict[str, bytes]) -> None:
    """Not one password, token, TOTP secret, key, cookie, prompt or e-mail address, however it is spelled."""
    found = {secret for secret in secrets(exchanges()) if len(secret) >= SHORT}
    assert len(found) >= 30
    for value in (*found, *keys().values()):
        for spelling in spellings(value):
            needle = spelling.encode()
            assert not [name for name, data in written.items() if needle in data], value


def test_no_one_time_code_of_the_recording_is_in_them(written: dict[str, bytes]) -> None:
    """No TOTP code stands anywhere as a number of its own."""
    codes = {secret for secret in secrets(exchanges()) if len(secret) < SHORT and secret.isdigit()}
    assert codes
    for code in codes:
        number = re.compile(rb"(?<![0-9A-Za-z.-])" + code.encode() + rb"(?![0-9A-Za-z])")
        assert not [name for name, data in written.items() if number.search(data)], code


def test_the_search_would_find_a_secret(written: dict[str, bytes]) -> None:
    """What may be stored of the same exchanges is there in plain, so an empty search means something."""
    store = b"".join(data for name, data in written.items() if "cutover.db" in name)
    assert b"deployment/deployments" in store
    assert b"fp:" in store


def test_no_credential_of_the_recording_is_in_the_repository() -> None:
    """Tests and pages carry samples of their own; the recording's keys are read where it lies."""
    words = {secret for secret in secrets(exchanges()) if len(secret) > 15 and not re.search(r"\s", secret)}
    credentials = {*words, *keys().values()}
    assert len(credentials) > 10
    shipped_files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    shipped_files += [path for path in ROOT.iterdir() if path.is_file()]
    text = {path: path.read_bytes() for path in shipped_files if path.suffix != ".pyc"}
    found = [str(path) for path, data in text.items() if any(word.encode() in data for word in credentials)]
    assert found == []
