from __future__ import annotations

import json

import pytest

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.core.objectives import EVERY, Aim
from loadtests.promises import from_json, override_options, promises, to_json
from tests.apps.route_tables import GOOD, written

TABLE = load_table(written(GOOD + "loadtest: {objectives: {read: {p95: 250ms, ratio: 1.5}}}\n"), {})


def test_the_command_line_overrules_the_table() -> None:
    """An option speaks of every route, an objective with a class of that class; what neither names stays."""
    overrides = override_options(TABLE, ["write.p99=3s", "ratio=off"], p95="100ms", errors=None)
    found = promises(TABLE, TABLE.routes, overrides)
    assert found["pools.list"].bounds == {Aim.P95: 0.1, Aim.P99: 2.0, Aim.ERRORS: 0.001}
    assert found["pools.delete"].bounds == {Aim.P95: 0.1, Aim.P99: 3.0, Aim.ERRORS: 0.001}


def test_they_travel_as_json() -> None:
    """Classes, aims and bounds, `off` too."""
    overrides = override_options(TABLE, ["read.p95=1s", "ratio=off"])
    assert from_json(json.loads(json.dumps(to_json(overrides)))) == overrides
    assert overrides[EVERY].bounds == {Aim.RATIO: None}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("p97=1s", "p97 is no aim; write p9"),
        ("raed.p95=1s", "raed is no class; write read"),
        ("x.p95=1s", "known: default, metered, read, write"),
        ("p95=soon", "--objective p95=soon: 'soon' is no duration"),
        ("=1", "nothing is no aim"),
    ],
)
def test_what_is_not_known_is_one_line(value: str, words: str) -> None:
    """With the option as it was written, and what to write instead."""
    with pytest.raises(UsageError) as caught:
        override_options(TABLE, [value])
    assert words in str(caught.value)


def test_an_option_is_named_as_it_is_written() -> None:
    """Though its aim has another name."""
    with pytest.raises(UsageError, match=r"--first-token x: "):
        override_options(TABLE, [], first_token="x")
