"""Bearer credentials."""

from __future__ import annotations

import pytest

from gateway.authenticate.bearer import bearer, challenge, invalid
from gateway.problem import Unauthenticated


@pytest.mark.parametrize("value", ["Bearer abc", "bearer abc", "BEARER   abc", " Bearer abc "])
def test_scheme_is_read_in_any_case(value: str) -> None:
    """Two words, the first of them Bearer in any case."""
    assert bearer(value) == "abc"


@pytest.mark.parametrize("value", ["", "Bearer", "abc", "Bearer a b", "Basic abc", "Bearer: abc"])
def test_other_forms_are_refused(value: str) -> None:
    """Anything else is 401 with a challenge that names the error."""
    with pytest.raises(Unauthenticated) as refused:
        bearer(value)
    told = 'Bearer error="invalid_token", error_description="Authorization must be: Bearer <credential>"'
    assert refused.value.headers == (("www-authenticate", told),)


def test_absence_is_challenged_without_an_error() -> None:
    """Who sent nothing is asked for a credential (RFC 6750 §3.1)."""
    with pytest.raises(Unauthenticated) as refused:
        bearer(None)
    assert (refused.value.reason, refused.value.headers) == ("missing", challenge())
    assert invalid("x", "y").detail == "x"
