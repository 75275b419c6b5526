from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.core.noise import Noise, Place
from gateway.core.observation import Difference, DifferenceKind, Verdict
from gateway.store.noise import Lesson, Seen, learn
from reports import diff_report, render_html, render_json, render_markdown, render_text
from reports.noise import by_signature, told
from tests.reports.builders import OPEN, ROUTE, differing, digest, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.builders import Filled

PLACE = Place(OPEN.location, OPEN.pattern, str(OPEN.kind))
LINE = "legacy differs with itself here in 3 of 40 reads, the gateway in 2"


def taught(made: Filled, legacy: int, gateway: int, reads: int, **more: object) -> None:
    """So many second reads, in some of which legacy or the gateway differed in the open place."""
    lessons = [
        Lesson(ROUTE, str(more.get("digest", digest())), 1.0, {PLACE: Seen(n < legacy, reads - n <= gateway)})
        for n in range(reads)
    ]
    learn(made.db, lessons)


def test_what_was_learned_stands_beside_the_signature(tmp_path: Path) -> None:
    """Text, JSON, Markdown and page tell how often legacy differs with itself there."""
    made = store(tmp_path, [differing()])
    taught(made, 3, 2, 40)
    report = diff_report.build(made.db, made.evidence())
    text = " ".join(render_text.diffs(report, every=True).split())
    assert LINE.replace("\N{NO-BREAK SPACE}", " ") in text.replace("\N{NO-BREAK SPACE}", " ")
    assert LINE in render_html.diffs(report)
    assert "3 of 40" in render_markdown.diffs(report)
    (signature,) = render_json.diffs(report)["routes"][0]["signatures"]
    assert signature["noise"] == {
        "reads": 40,
        "legacy_differed": 3,
        "gateway_differed": 2,
        "both_differed": 0,
        "explains": True,
    }
    assert json.dumps(signature)


def test_noise_explains_what_was_open_and_is_counted_apart(tmp_path: Path) -> None:
    """As a reviewed rule does, it holds for earlier observations too; the signature stays visible as `noise`."""
    made = store(tmp_path, [differing()])
    taught(made, 3, 2, 40)
    evidence = made.evidence()
    (item,) = evidence.routes[ROUTE].signatures
    assert (item.by, item.noise) == ("noise", Noise(40, 3, 2, 0))
    assert evidence.routes[ROUTE].observed.expected == 1


def test_noise_that_no_longer_explains_opens_what_it_hid(tmp_path: Path) -> None:
    """Once the gateway differs more often than legacy with itself, every earlier excuse is gone."""
    hidden = seen(Verdict.EXPECTED, differences=(Difference("body", OPEN.path, OPEN.kind, by="noise"),))
    made = store(tmp_path, [hidden])
    taught(made, 3, 2, 40)
    assert made.evidence().routes[ROUTE].observed.mismatch == 0
    taught(made, 0, 30, 40)
    evidence = made.evidence().routes[ROUTE]
    assert (evidence.observed.mismatch, evidence.open[0].by) == (1, "")


def test_only_the_current_digest_counts(tmp_path: Path) -> None:
    """What was learned beside another gateway explains nothing of this one."""
    made = store(tmp_path, [differing()])
    taught(made, 3, 2, 40, digest="another")
    assert by_signature(made.db, {ROUTE: digest()}) == {}
    assert len(made.evidence().routes[ROUTE].open) == 1


def test_an_intermittent_difference_has_the_noise_that_explains_least(tmp_path: Path) -> None:
    """A place of two kinds is excused only where both are."""
    made = store(tmp_path)
    taught(made, 3, 2, 40)
    other = Place(PLACE.location, PLACE.pattern, "missing")
    learn(made.db, [Lesson(ROUTE, digest(), 1.0, {other: Seen(legacy=False, gateway=True)})])
    found = by_signature(made.db, {ROUTE: digest()})
    intermittent = Difference(OPEN.location, OPEN.path, DifferenceKind.INTERMITTENT).signature(ROUTE)
    assert [found[name].explains for name in (OPEN.signature(ROUTE), intermittent)] == [True, False]


def test_told() -> None:
    """One line, with the numbers that decide."""
    assert told(Noise(40, 3, 2, 0)).replace("\N{NO-BREAK SPACE}", " ") == LINE
