from __future__ import annotations

import os
import signal
import subprocess
import sys

from shadow.children import with_packages
from shadow.lifeline import VARIABLE

CHILD = """
from shadow.lifeline import end_with_parent
import time
end_with_parent()
print("up", flush=True)
time.sleep(60)
"""


def test_a_child_ends_when_its_parent_lets_go() -> None:
    """Closing the parent's end of the pipe, as any death of the parent does, ends the child."""
    lifeline, ours = os.pipe()
    environment = with_packages(os.environ) | {VARIABLE: str(lifeline)}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], env=environment, pass_fds=[lifeline], stdout=subprocess.PIPE
    ) as child:
        os.close(lifeline)
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        assert child.poll() is None
        os.close(ours)
        assert child.wait(20) == -signal.SIGTERM


def test_without_a_lifeline_nothing_happens() -> None:
    """A process started by hand keeps running."""
    code = "from shadow.lifeline import end_with_parent; end_with_parent(); print('done')"
    environment = {key: text for key, text in with_packages(os.environ).items() if key != VARIABLE}
    assert subprocess.check_output([sys.executable, "-c", code], env=environment) == b"done\n"
