"""How values are treated by name."""

from __future__ import annotations

import pytest

from shadow.redaction.names import Treatment, treatment, within


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("password", Treatment.DROP),
        ("newPassword", Treatment.DROP),
        ("totp_code", Treatment.DROP),
        ("secret", Treatment.DROP),
        ("qr_code", Treatment.DROP),
        ("wallet_private_key", Treatment.DROP),
        ("mnemonic", Treatment.DROP),
        ("access_token", Treatment.FINGERPRINT),
        ("X-Api-Key", Treatment.FINGERPRINT),
        ("secret_access_key", Treatment.FINGERPRINT),
        ("Authorization", Treatment.FINGERPRINT),
        ("session_id", Treatment.FINGERPRINT),
        ("ticket", Treatment.FINGERPRINT),
        ("content", Treatment.MASK),
        ("request_payload", Treatment.MASK),
        ("input", Treatment.MASK),
        ("prompt_tokens", Treatment.KEEP),
        ("tokens_per_second", Treatment.KEEP),
        ("token_type", Treatment.KEEP),
        ("token_limit", Treatment.KEEP),
        ("id", Treatment.KEEP),
        ("pool_name", Treatment.KEEP),
        ("detail", Treatment.KEEP),
        ("content-type", Treatment.KEEP),
        ("", Treatment.KEEP),
    ],
)
def test_treatment(name: str, how: Treatment) -> None:
    """Case, dashes and underscores do not matter; counts of tokens are no tokens."""
    assert treatment(name) is how


def test_what_is_inside_is_treated_alike() -> None:
    """Inside a masked value all is masked but harmless members; a secret inside stays a secret."""
    assert within(Treatment.MASK, "anything") is Treatment.MASK
    assert within(Treatment.MASK, "role") is Treatment.KEEP
    assert within(Treatment.MASK, "password") is Treatment.DROP
    assert within(Treatment.DROP, "role") is Treatment.DROP
