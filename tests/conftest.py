"""What every test run needs: the promise of each test travels with its result."""

from __future__ import annotations

import inspect
import logging
import os
import signal
import threading

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

EXAMPLES = "CUTOVER_TEST_EXAMPLES"
"""How many examples a property is tried with that names no number; `make proof` asks for more than `make test`."""

# How long an example takes, or is in the making, says how busy the machine is, and no test asks for that.
settings.register_profile(
    "cutover",
    deadline=None,
    max_examples=int(os.environ.get(EXAMPLES, "40")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("cutover")

# Workers inherit a width that readline exports, which is nobody's terminal; each test begins without one.
os.environ.pop("COLUMNS", None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    # A shell lets what it starts in the background ignore Ctrl-C, and every process that a test starts would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Denials are written by a thread, which knows of no test's capture; tests of them listen for themselves.
logging.getLogger("cutover.audit").addHandler(logging.NullHandler())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Attach each test's docstring to its report, for docs/proof.md; mark the properties."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.property)
        promise = inspect.getdoc(getattr(item, "function", None)) or item.name
        item.user_properties.append(("promise", promise.partition("\n")[0]))
