"""The Bearer credential of an Authorization header (RFC 6750 §2.1)."""

from __future__ import annotations

from gateway.problem import Unauthenticated


def bearer(value: str | None) -> str:
    """The credential: exactly two words, the first of them `Bearer` in any case.

    Raises:
        Unauthenticated: the header is absent or of another form.
    """
    if value is None:
        raise Unauthenticated("Authentication required", reason="missing", headers=challenge())
    words = value.split()
    if len(words) != 2 or words[0].lower() != "bearer":  # noqa: PLR2004 - scheme and credential
        raise invalid("Authorization must be: Bearer <credential>", "malformed")
    return words[1]


def invalid(detail: str, reason: str) -> Unauthenticated:
    """The refusal of a credential that was given."""
    return Unauthenticated(detail, reason=reason, headers=challenge("invalid_token", detail))


def challenge(error: str = "", description: str = "") -> tuple[tuple[str, str], ...]:
    """The WWW-Authenticate header (RFC 6750 §3); the description holds neither quotes nor backslashes."""
    told = f'Bearer error="{error}", error_description="{description}"' if error else "Bearer"
    return (("www-authenticate", told),)
