from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports import diff_report, readiness_report, render_html, render_json
from reports.criteria import Targets
from tests.reports import rendering
from tests.reports.builders import ROUTE, WRITE, Filled, clean, differing, store, table

STYLE = (Path(render_html.__file__).parent / "templates" / "style.css").read_text()
PAIRS = [
    (text, ground) for ground in ("ground", "raised") for text in ("text", "soft", "link", "good", "bad", "known")
]


class Reader(HTMLParser):
    """What a page is made of: tags, attribute values, text."""

    def __init__(self, page: str) -> None:
        """Read the page at once."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a tag as open until it is closed."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "rect"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """The tag that was opened last is closed first."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect the text."""
        self.text += data


def pages(folder: Path) -> list[str]:
    """Both reports as pages."""
    return [
        render_html.diffs(rendering.diffs(folder / "d")),
        render_html.readiness(rendering.readiness(folder / "r")),
    ]


def test_hostile_content_stays_text(tmp_path: Path) -> None:
    """No recorded script, tag or control reaches the page as such, and every tag is closed in order."""
    for page in pages(tmp_path):
        reader = Reader(page)
        assert reader.open == []
        assert "script" not in reader.tags
        assert "img" not in reader.tags
        assert not [name for name, _ in reader.attributes if name.startswith("on")]
        assert "\x1b" not in page
        assert "\u202e" not in page
        page.encode()
    assert "<script>alert(1)</script>" in Reader(pages(tmp_path / "again")[0]).text


def test_a_page_needs_nothing_else(tmp_path: Path) -> None:
    """Nothing is loaded: no address in the page, links lead inside it, and the policy forbids the rest."""
    for page in pages(tmp_path):
        reader = Reader(page)
        assert not {"link", "script", "iframe", "img", "object", "form"} & set(reader.tags)
        assert all((value or "").startswith("#") for name, value in reader.attributes if name in {"href", "src"})
        assert "url(" not in page
        assert "@import" not in page
        assert "default-src 'none'" in page


def test_what_a_reviewer_reads(tmp_path: Path) -> None:
    """Signature, standing, both values, decision and the folded exchanges are there; long values are folded."""
    text = Reader(pages(tmp_path)[0]).text
    for part in ("body", "$[*].name", "rejected", "would refuse", "rejected by qa", "both exchanges, redacted"):
        assert part in text
    assert "whole value, 1 2" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "characters cut" in text


def test_routes_without_a_difference_share_one_table(tmp_path: Path) -> None:
    """A card is for what somebody should look at; the others are a row each, and no pairs are no rate."""
    made = store(tmp_path, [*clean(3), differing(), *clean(2, route=WRITE), *clean(1, route=WRITE, digest="before")])
    page = render_html.diffs(diff_report.build(made.db, made.evidence()))
    assert page.count('<section class="card" id="') == 1
    assert f'<tr id="{WRITE}">' in page
    assert "No difference on 1 route" in Reader(page).text
    stale = store(tmp_path / "stale", [*clean(2, digest="before")])
    assert "unknown" in render_html.diffs(diff_report.build(stale.db, stale.evidence()))


def test_what_readiness_shows(tmp_path: Path) -> None:
    """Each route with its step, charts and checks, and links that lead to it."""
    page = pages(tmp_path)[1]
    reader = Reader(page)
    targets = {value for name, value in reader.attributes if name == "id"}
    assert {(value or "")[1:] for name, value in reader.attributes if name == "href"} <= {
        name or "" for name in targets
    }
    assert "canary → gateway" in reader.text
    assert 'aria-label="match rate at least' in page
    assert "median legacy" in reader.text


def test_pairs_are_shown_against_those_that_are_needed(tmp_path: Path) -> None:
    """One pair of thousands is an almost empty bar; a route that has enough says so by saying no more."""
    made = store(tmp_path, [*clean(1), *clean(90, route=WRITE)])
    report = readiness_report.build(made.evidence(), table(), Targets(parity=0.95))
    page = render_html.readiness(report)
    wanted = 1 + next(route for route in report.routes if route.evidence.route == ROUTE).more_pairs
    assert f"1 of {wanted} needed<svg" in page
    assert f"1 pair of {wanted} needed, from 1 observation" in page
    assert "90<svg" in page


def test_only_compared_routes_count_as_compared(tmp_path: Path) -> None:
    """A route with observations of older digests only is listed and not counted."""
    made = store(tmp_path, [*clean(3), *clean(1, route=WRITE, digest="before")])
    page = render_html.diffs(diff_report.build(made.db, made.evidence()))
    assert "<b>1</b> route compared" in page
    assert WRITE in page


def test_a_page_carries_the_digest_of_its_document(tmp_path: Path) -> None:
    """The page names the digest that the JSON document has."""
    report = rendering.diffs(tmp_path)
    assert str(render_json.diffs(report)["digest"]) in render_html.diffs(report)


def test_empty_reports_render(tmp_path: Path) -> None:
    """Before anything was compared both pages say what to do or what is unknown."""
    made = store(tmp_path)
    assert "Nothing was compared yet" in render_html.diffs(diff_report.build(made.db, made.evidence()))
    assert "unknown" in render_html.readiness(readiness_report.build(made.evidence(), table()))


@pytest.mark.proof
def test_many_signatures_make_a_bearable_page(tmp_path: Path) -> None:
    """Three hundred signatures with large samples stay under three megabytes."""
    made = _many(tmp_path)
    page = render_html.diffs(diff_report.build(made.db, made.evidence()))
    assert page.count('class="signature"') == 300
    assert len(page) < 3_000_000


def _many(folder: Path) -> Filled:
    body = {"body": "x" * 50_000}
    items = [
        differing(type(rendering.KNOWN)("header", f"x-{n}", rendering.KNOWN.kind, "a" * 5000, "b"), legacy=body)
        for n in range(300)
    ]
    return store(folder, [*clean(3), *items])


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of a hexadecimal colour."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_can_be_read(theme: int) -> None:
    """Every text colour has the contrast that WCAG AA asks for on both grounds, every shape 3 to 1 on its track."""
    block = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[theme]
    colours = dict(re.findall(r"--(\w+): (#\w+)", block))
    for text, ground in PAIRS:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["text"], colours["mark"]) >= 4.5
    for shape in ("good", "known", "unsure", "broken", "bad", "soft"):
        assert contrast(colours[shape], colours["track"]) >= 3, shape


def test_exercised_shapes_stand_apart_as_weaker_evidence(tmp_path: Path) -> None:
    """Which shapes, how often, when and what was found; a shape is recorded text and is never markup."""
    for page in pages(tmp_path):
        text = " ".join(Reader(page).text.split())
        assert "exercised: 2 shapes, 2 of 3 dry runs alike weaker evidence" in text
        assert "without parameters 1 not compared 2027-01-15 07:50:00Z" in text
        assert "2 alike 2027-01-15 07:58:30Z 2027-01-15 07:59:30Z" in text
        assert "weaker evidence, in no match rate" in text
