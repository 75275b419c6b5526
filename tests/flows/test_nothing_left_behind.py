"""What a load test creates is deleted, however it ends: here it writes, and is then ended in every way there is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.apps.platform_load import Site, standing
from tests.apps.recordings import entry, har

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.account import Session

ROOT = Path(__file__).parent.parent.parent
pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Session]]:
    """One platform for all, with a session that its sign-in limit does not know about."""
    with standing(tmp_path_factory.mktemp("site")) as site:
        yield site, site.session()


@contextmanager
def writing(place: tuple[Site, Session], directory: Path, *options: str) -> Iterator[psutil.Process]:
    """`cutover loadtest run` that creates things, from the moment on that there are some."""
    site, session = place
    (directory / "creates.har").write_bytes(_creates(site))
    command = [
        sys.executable,
        "-m",
        "migrate",
        "loadtest",
        "run",
        "--mix",
        str(directory / "creates.har"),
        "--writes",
    ]
    command += ["--target", "legacy", "--users", "4", "--think", "0.1", "--run-time", "60s", *options]
    variables = {
        **os.environ,
        "CUTOVER_CONFIG": str(site.config),
        "CUTOVER_STORE": str(directory / "cutover.db"),
        "CUTOVER_LOAD_TOKEN": session.token,
    }
    with subprocess.Popen([*command, "--config", str(site.config)], cwd=ROOT, env=variables) as process:
        family = psutil.Process(process.pid)
        try:
            deadline = time.monotonic() + 40
            while len(site.left(session)) < 10 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert len(site.left(session)) >= 10
            yield family
        finally:
            for one in (*_descendants(family), family):
                if one.is_running():
                    one.kill()


def gone(place: tuple[Site, Session], seconds: float = 30.0) -> bool:
    """Whether nothing of any load test is left on the platform, at the latest after so long."""
    deadline = time.monotonic() + seconds
    while place[0].left(place[1]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not place[0].left(place[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_ctrl_c_and_sigterm(place: tuple[Site, Session], tmp_path: Path, number: int) -> None:
    """The command ends the load, deletes everything, and only then ends itself; no process is left either."""
    with writing(place, tmp_path) as command:
        family = _descendants(command)
        command.send_signal(number)
        assert command.wait(40) == 130
        assert place[0].left(place[1]) == []
        assert not psutil.wait_procs(family, timeout=5)[1]


def test_after_the_kill_of_locust(place: tuple[Site, Session], tmp_path: Path) -> None:
    """The command deletes what the ledgers of the dead process leave open."""
    with writing(place, tmp_path) as command:
        (locust,) = command.children()
        locust.kill()
        assert command.wait(40) == 4
        assert place[0].left(place[1]) == []


def test_after_the_kill_of_the_command(place: tuple[Site, Session], tmp_path: Path) -> None:
    """Locust notices that nobody waits for it, ends the load and deletes everything."""
    with writing(place, tmp_path) as command:
        family = _descendants(command)
        command.kill()
        assert gone(place)
        assert not psutil.wait_procs(family, timeout=15)[1]


def test_after_the_loss_of_a_worker(place: tuple[Site, Session], tmp_path: Path) -> None:
    """What a killed worker has created is deleted with everything else."""
    with writing(place, tmp_path, "--processes", "2") as command:
        (master,) = command.children()
        master.children()[0].kill()
        time.sleep(0.5)
        command.send_signal(signal.SIGINT)
        assert command.wait(60) == 130
        assert place[0].left(place[1]) == []


def test_after_the_kill_of_everything(place: tuple[Site, Session], tmp_path: Path) -> None:
    """`cutover loadtest clean` finds by their names what nobody was left to delete."""
    with writing(place, tmp_path) as command:
        for one in (*_descendants(command), command):
            one.kill()
        command.wait(10)
        assert place[0].left(place[1])
        variables = {**os.environ, "CUTOVER_LOAD_TOKEN": place[1].token}
        arguments = ["loadtest", "clean", "--config", str(place[0].config)]
        command_line = [sys.executable, "-m", "migrate", *arguments]
        done = subprocess.run(
            command_line, cwd=ROOT, env=variables, capture_output=True, check=False, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert done.stdout.endswith(" deleted\n")
        assert place[0].left(place[1]) == []


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found


def _creates(site: Site) -> bytes:
    """A recording with one create of each kind."""
    paths = {
        "filtration": ("/management/api-keys", "/management/templates", "/admin/roles", "/management/invitations"),
        "orchestration": ("/deployment/createpool", "/deployment/deploy"),
    }
    urls = [site.platform.urls[service] + path for service, found in paths.items() for path in found]
    return har(*(entry(url, method="POST", status=201) for url in urls))
