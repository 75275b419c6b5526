from __future__ import annotations

import pytest

from tests.apps.platform_load import everybody

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


def test_streams_are_timed_by_their_tokens() -> None:
    """First token, time per token and longest gap are figures of the chat route, on both sides."""
    for side in ("legacy", "gateway"):
        chat = everybody().result.sides[side].routes["inference.chat"]
        assert chat.failures == 0
        assert {"first_token", "time_per_token", "longest_gap"} == set(chat.timings)
        assert 0 < chat.timings["first_token"].total < chat.requests
        # The model says a word every five milliseconds.
        assert 4 < chat.timings["time_per_token"].quantile(0.5) < 50


def test_the_key_of_the_run_was_its_own() -> None:
    """One key was created for the run under its name, and deleted afterwards."""
    asked = [(entry["method"], entry["target"]) for entry in everybody().arrived if "api-keys" in entry["target"]]
    assert [method for method, _ in asked].count("POST") == 1
    assert [method for method, _ in asked].count("DELETE") == 1
