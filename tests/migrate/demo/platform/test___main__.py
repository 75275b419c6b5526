"""The command line of the platform."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from gateway.core.errors import UsageError
from migrate.demo.platform.__main__ import parse_ports


def test_ports_are_parsed() -> None:
    """Names and numbers become a mapping; nothing means none."""
    assert parse_ports("filtration=8000,control=9") == {"filtration": 8000, "control": 9}
    assert parse_ports("") == {}


@pytest.mark.parametrize("text", ["nope=1", "data=x", "data"])
def test_a_wrong_port_says_what_is_wanted(text: str) -> None:
    """An unknown service and a port that is no number are usage errors."""
    with pytest.raises(UsageError, match="NAME=PORT"):
        parse_ports(text)


@pytest.mark.proof
def test_it_prints_one_line_and_ends_cleanly_on_sigterm() -> None:
    """Standard output is one JSON object, standard error stays empty, and the exit code is 0."""
    command = [sys.executable, "-m", "migrate.demo.platform"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        ready = json.loads(child.stdout.readline())
        child.send_signal(signal.SIGTERM)
        rest, errors = child.communicate(timeout=20)
    assert set(ready) == {"urls", "control", "pid"}
    assert (rest, errors, child.returncode) == ("", "", 0)


def test_a_usage_error_is_one_line_and_exit_code_2() -> None:
    """No traceback is printed."""
    command = [sys.executable, "-m", "migrate.demo.platform", "--ports", "nope=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
