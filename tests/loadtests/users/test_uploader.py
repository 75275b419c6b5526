from __future__ import annotations

import pytest

from tests.apps.platform_load import everybody

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


def test_documents_reach_the_platform_and_are_not_stored() -> None:
    """They are read to their end and refused for their kind, which is what was wanted."""
    found = everybody()
    for side in found.result.sides.values():
        assert side.routes["knowledge.upload"].errors == {}
    uploads = [entry for entry in found.arrived if entry["target"].endswith("/management/data/upload")]
    assert uploads
    assert all("cutover-load" not in entry["target"] for entry in found.arrived if "/files" in entry["target"])
