"""API keys."""

from __future__ import annotations

import pytest

from gateway.authenticate.api_key import api_key
from gateway.core.policy import Policy
from gateway.problem import Unauthenticated
from tests.apps.table import settings, token


def test_holder_is_known_by_a_fingerprint() -> None:
    """A key with the prefix is accepted; the caller carries its fingerprint, never the key."""
    caller = api_key("Bearer sk-secret", Policy(), settings())
    assert caller.scheme == "api-key"
    assert caller.subject.startswith("fp:")
    assert "secret" not in repr(caller)


@pytest.mark.parametrize("value", [None, "Bearer x", f"Bearer {token()}", "sk-secret", "Bearer"])
def test_other_credentials_are_refused(value: str | None) -> None:
    """A JWT, a bare key or nothing is 401 on an API key route."""
    with pytest.raises(Unauthenticated):
        api_key(value, Policy(), settings())
