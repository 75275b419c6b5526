from __future__ import annotations

import pytest

from gateway.core.successor import deprecated_since, successor_link, successor_url, sunset_at
from tests.apps.table import route

ROUTE = route("a", "compute", "POST /a", "POST /api/a/{id}")


def test_the_successor_is_where_the_request_would_go() -> None:
    """The mapped target where there is one, else the pattern, as a URL that holds no braces."""
    assert successor_url("https://g/", ROUTE, "/api/a/1?b") == "https://g/api/a/1?b"
    assert successor_url("https://g", ROUTE, "") == "https://g/api/a/%7Bid%7D"
    assert successor_url("https://g", route("b", "compute", "GET /b", None), "/b") == ""


@pytest.mark.parametrize("date", ["2027-01-31", "2027-01-31T00:00:00", "2027-01-31T01:00:00+01:00"])
def test_dates_become_http_dates(date: str) -> None:
    """A date without a zone is UTC."""
    assert sunset_at(date) == "Sun, 31 Jan 2027 00:00:00 GMT"


def test_header_values() -> None:
    """As the RFCs spell them."""
    assert deprecated_since(1700000000.9) == "@1700000000"
    assert successor_link("https://g/a") == '<https://g/a>; rel="successor-version"'
