"""What every test run needs: the promise of each test travels with its result."""

from __future__ import annotations

import inspect
import logging
import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

# How long an example takes, or is in the making, says how busy the machine is, and no test asks for that.
settings.register_profile("cutover", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cutover")

# Workers inherit a width that readline exports, which is nobody's terminal; each test begins without one.
os.environ.pop("COLUMNS", None)
# Denials are written by a thread, which knows of no test's capture; tests of them listen for themselves.
logging.getLogger("cutover.audit").addHandler(logging.NullHandler())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Attach each test's docstring to its report, for docs/proof.md."""
    for item in items:
        promise = inspect.getdoc(getattr(item, "function", None)) or item.name
        item.user_properties.append(("promise", promise.partition("\n")[0]))
