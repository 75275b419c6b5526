from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.observation import REJECTED, Difference, DifferenceKind, Observation, Rule, Verdict


def difference(path: str, location: str = "body", kind: DifferenceKind = DifferenceKind.CHANGED) -> Difference:
    """A difference at a place."""
    return Difference(location, path, kind, "1", "2")


def test_list_positions_and_identities_are_blanked() -> None:
    """Like differences in different items share one pattern and one signature."""
    one, other = difference("$.items[id=a[1]].name[3]"), difference("$.items[id=b].name[0]")
    assert one.pattern == other.pattern == "$.items[*].name[*]"
    assert one.signature("r") == other.signature("r")


def test_a_signature_tells_route_location_place_and_kind_apart() -> None:
    """Values do not count, everything else does."""
    base = difference("$.a")
    signatures = {
        base.signature("r"),
        base.signature("s"),
        difference("$.b").signature("r"),
        difference("$.a", "header").signature("r"),
        difference("$.a", kind=DifferenceKind.MISSING).signature("r"),
    }
    assert len(signatures) == 5
    assert all(len(signature) == 12 for signature in signatures)
    assert Difference("body", "$.a", DifferenceKind.CHANGED, "x", "y").signature("r") == base.signature("r")


@given(st.text("ab[]=$.", max_size=20))
def test_blanking_twice_is_blanking_once(path: str) -> None:
    """A pattern is its own pattern, also with stray brackets."""
    pattern = difference(path).pattern
    assert difference(pattern).pattern == pattern


def test_a_stray_closing_bracket_hides_nothing() -> None:
    """Member names may hold brackets; what follows still counts."""
    assert difference("$.a].b[1].c").pattern == "$.a].b[*].c"


def test_a_rule_explains_until_it_expires_and_never_when_rejected() -> None:
    """Time and decision decide."""
    rule = Rule("abc", "expected", "qa", "why", 0.0)
    assert rule.explains(1e12)
    assert not Rule("abc", REJECTED, "qa", "why", 0.0).explains(1)
    limited = Rule("abc", "tolerated", "qa", "why", 0.0, expires=10.0)
    assert limited.explains(9.9)
    assert not limited.explains(10.0)


def test_lone_surrogates_become_escapes() -> None:
    """Broken text in a path, a value, a subject or a shape can be hashed, stored and shown."""
    broken = Difference("body", "$.\ud800", DifferenceKind.CHANGED, "\udc80", "é")
    assert (broken.path, broken.legacy, broken.gateway) == ("$.\\ud800", "\\udc80", "é")
    assert broken.signature("r")
    observation = Observation("o", "r", 0.0, Verdict.MATCH, "read", "live", "d", subject="\ud800", shape="\ud800")
    assert (observation.subject, observation.shape) == ("\\ud800", "\\ud800")


places = st.builds(
    Difference,
    st.sampled_from(["status", "header", "body", "upstream.query"]),
    st.text(max_size=12),
    st.sampled_from(DifferenceKind),
    st.text(max_size=5),
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(places, min_size=20, max_size=60))
def test_signatures_are_the_same_in_every_process(differences: list[Difference]) -> None:
    """Whatever the seed of Python's own hashes; values are no part of them."""
    code = (
        "import json, sys\n"
        "from gateway.core.observation import Difference, DifferenceKind\n"
        "print(json.dumps([Difference(l, p, DifferenceKind(k), 'other').signature('r')"
        " for l, p, k in json.load(sys.stdin)]))"
    )
    given_ = json.dumps([[one.location, one.path, str(one.kind)] for one in differences])
    for seed in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=given_,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [one.signature("r") for one in differences]
