from __future__ import annotations

import pytest

from gateway.core.errors import ConfigError, CutoverError, RefusedError, UnreachableError, UsageError


@pytest.mark.parametrize(
    ("error", "code"), [(RefusedError, 1), (UsageError, 2), (ConfigError, 3), (UnreachableError, 4)]
)
def test_each_error_carries_its_exit_code(error: type[CutoverError], code: int) -> None:
    """Exit codes are those that people script against."""
    assert error("why").exit_code == code
    assert str(error("why")) == "why"
