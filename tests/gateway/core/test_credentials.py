from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gateway.core.credentials import Credentials


def test_usual_credentials_are_the_strict_ones() -> None:
    """No leeway, access tokens only, no published keys; API keys pass to the service that checks them."""
    usual = Credentials()
    assert (usual.tokens.type, usual.tokens.leeway, usual.jwks) == ("access", 0.0, None)
    assert usual.api_keys.introspect is None


def test_credentials_are_a_value() -> None:
    """Equal ones let equal callers in, and nobody changes them."""
    assert Credentials() == Credentials()
    with pytest.raises(FrozenInstanceError):
        Credentials().jwks = None  # type: ignore[misc]
