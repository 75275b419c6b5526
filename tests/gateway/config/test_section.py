from __future__ import annotations

import pytest

from gateway.config.document import parse
from gateway.config.problem import Findings
from gateway.config.scalars import filled, json_path, switch, whole
from gateway.config.section import Section


def section(text: str) -> tuple[Section, Findings]:
    """A section from YAML text, with the findings it reports to."""
    findings = Findings()
    return Section.of("part", parse(text), findings), findings


def told(findings: Findings) -> list[str]:
    """Problems as `line: message; mend`."""
    return [f"{item.line}: {item.message}; {item.mend}" for item in findings.problems]


def test_values_are_read_with_their_lines() -> None:
    """Scalars, lists, a scalar for a list, and defaults."""
    read, findings = section("a: 3\nb:\n  - x\n  - y\nc: z\n")
    assert read.need("a", whole(0)) == 3
    found = read.values("b", str)
    assert found
    assert [(item.value, item.line) for item in found] == [("x", 3), ("y", 4)]
    assert [item.value for item in read.values("c", str) or ()] == ["z"]
    assert read.values("d", str) is None
    assert read.read("e", switch, default=True)
    read.close()
    assert told(findings) == []


def test_a_list_without_entries_is_told_from_an_absent_one() -> None:
    """Only a list that was written and is empty is empty."""
    read, _ = section("a: []\nb: [x]\nc: x\nd:\n")
    assert [read.is_empty(key) for key in "abcde"] == [True, False, False, False, False]


def test_an_unknown_key_suggests_the_nearest_one() -> None:
    """Or lists what is known."""
    read, findings = section("lisen: 1\nzzz: 2\n")
    read.read("listen", str, "")
    read.read("drain", str, "")
    read.close()
    assert told(findings) == [
        "1: part: key lisen is not known; write listen",
        "2: part: key zzz is not known; known here: drain, listen",
    ]


def test_keys_are_texts_and_stand_once() -> None:
    """Booleans, numbers, lists and repetitions are named with their lines."""
    _, findings = section("a: 1\non: 2\n5: 3\n[x]: 4\na: 5\n")
    assert [line.partition(";")[0] for line in told(findings)] == [
        "2: part: key 'on' is no text",
        "3: part: key '5' is no text",
        "4: part: key 'a list or mapping' is no text",
        "5: part: key a is already on line 1",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a:\n", "1: part: a has no value; write one, or remove the line"),
        ("a: [1]\n", "1: part: a must be a single value; write `a: value` on one line"),
        ("a: !mine 1\n", "1: part: a carries the tag !mine; remove the tag"),
        ("b: 1\n", "1: part: a is missing; write `a: …` here"),
        ("a: x\n", "1: part: a 'x' is not acceptable; write a whole number of at least 0"),
    ],
)
def test_a_value_that_cannot_be_read_is_one_problem(text: str, problem: str) -> None:
    """Whatever is wrong with it."""
    read, findings = section(text)
    assert read.need("a", whole(0)) is None
    assert problem in told(findings)


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2ln",
        "sk-0123456789abcdef0123456789abcdef",
        "http://admin:hunter2@127.0.0.1:8000",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_refused_and_never_repeated(secret: str) -> None:
    """Wherever it stands, the message says where secrets belong instead."""
    read, findings = section(f'a: "{secret}"\n')
    read.read("a", str, "")
    assert len(findings.problems) == 1
    assert "CUTOVER_JWT_SECRET" in told(findings)[0]
    assert secret not in told(findings)[0]


@pytest.mark.parametrize("key", ["jwt_secret", "password", "api_key", "admin_token", "internal_key"])
def test_a_key_for_a_secret_is_refused_as_such(key: str) -> None:
    """Its value is not shown."""
    read, findings = section(f"{key}: hunter2\n")
    read.close()
    assert "no secret is written here" in told(findings)[0]
    assert "hunter2" not in told(findings)[0]


def test_anchors_and_merges_are_understood() -> None:
    """Own keys win over merged ones, the first of several merges over the later ones."""
    read, findings = section(
        "base: &base {a: 1, b: 1}\nmore: &more {b: 2, c: 2}\nuse:\n  <<: [*base, *more]\n  a: 9\n"
    )
    use = read.section("use")
    assert [use.read(key, whole(0), 0) for key in "abc"] == [9, 1, 2]
    use.close()
    assert told(findings) == []


@pytest.mark.parametrize("text", ["<<: 5\n", "<<: [1]\n", "a: &a\n  <<: *a\n"])
def test_a_merge_of_nothing_is_a_problem(text: str) -> None:
    """Also when an anchor merges itself."""
    read, findings = section(text)
    if read.has("a"):
        read.section("a")
    assert "<< takes a mapping" in told(findings)[0]


def test_parts_that_are_no_mapping_or_list_are_problems() -> None:
    """Each once, where it stands; empty ones are fine."""
    read, findings = section("a: 5\nb: {x: 1}\nc:\nd:\ne:\n  - 5\n")
    assert read.section("a").node_is_wrong
    assert list(read.listed("b", "thing")) == []
    assert list(read.listed("c", "thing")) == []
    assert list(read.section("d").each("thing")) == []
    assert [item.node_is_wrong for item in read.listed("e", "thing")] == [True]
    assert list(read.listed("f", "thing")) == []
    assert told(findings) == [
        "1: part: a must be a mapping; write `key: value` lines here",
        "2: part: b must be a list; write each entry as `- id: …`",
        "6: thing must be a mapping; write `key: value` lines here",
    ]


def test_free_keys_are_checked_too() -> None:
    """Good pairs are kept, others named."""
    read, findings = section("$.items: id\nitems: id\n$: \n")
    assert read.pairs(json_path, filled) == {"$.items": "id"}
    assert [line.partition(";")[0] for line in told(findings)] == [
        "2: part: 'items' is no list path",
        "3: part: $ has no value",
    ]
