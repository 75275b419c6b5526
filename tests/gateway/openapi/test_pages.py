"""The gateway's own pages in the document."""

from __future__ import annotations

from gateway.openapi.pages import pages


def test_own_pages_stand_under_the_prefix() -> None:
    """Health moves with the prefix, OFREP has a place of its own."""
    assert list(pages("/x")) == [
        "/x/health/services",
        "/ofrep/v1/evaluate/flags",
        "/ofrep/v1/evaluate/flags/{key}",
    ]
