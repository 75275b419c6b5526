from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import load_table
from gateway.core.answer_shape import Answers, AnswerShape
from gateway.core.exchange import BodySum, Response
from gateway.core.observation import DifferenceKind
from gateway.core.routes import Effect
from migrate import presets
from shadow.answer_shape import LEAST, SURE, comparable, differences, shape_of
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.recordings import shipped
from tests.shadow.cases import answer

MADE = {"id": "k-1", "name": "n", "limit": None, "tags": ["a"], "owner": {"id": 7}, "items": [{"n": 1}, {"n": 2}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


def known(body: Any = MADE, times: int = SURE, status: int = 201) -> Answers:
    """What so many answers of legacy taught."""
    return Answers({("keys.create", status): reduce(add, [shape_of(answer(body, status=status))] * times)})


def told(body: Any, learned: Answers, status: int = 201) -> list[tuple[str, DifferenceKind, object, object]]:
    """What differs in a gateway's answer."""
    found = differences("keys.create", answer(body, status=status), learned)
    assert all(one.location == "shape" for one in found)
    return [(one.path, one.kind, one.legacy, one.gateway) for one in found]


def without(name: str) -> dict[str, Any]:
    """The answer without a member."""
    return {key: value for key, value in MADE.items() if key != name}


@pytest.mark.parametrize(
    ("body", "path", "kind", "legacy", "gateway"),
    [
        (without("name"), "$.name", DifferenceKind.MISSING, "string", None),
        (without("owner"), "$.owner", DifferenceKind.MISSING, "object", None),
        (MADE | {"items": [{"n": 1}, {}]}, "$.items[*].n", DifferenceKind.MISSING, "number", None),
        (MADE | {"owner": {"id": "7"}}, "$.owner.id", DifferenceKind.TYPE, "number", "string"),
        (MADE | {"name": None}, "$.name", DifferenceKind.TYPE, "string", "null"),
        (MADE | {"tags": "a"}, "$.tags", DifferenceKind.TYPE, "list", "string"),
        (MADE | {"extra": {"deep": 1}}, "$.extra", DifferenceKind.EXTRA, None, "object"),
        (MADE | {"owner": {"id": 7, "mail": ""}}, "$.owner.mail", DifferenceKind.EXTRA, None, "string"),
    ],
)
def test_another_shape_is_named(
    body: object, path: str, kind: DifferenceKind, legacy: str | None, gateway: str | None
) -> None:
    """One place, one kind, and the types on both sides: never a value."""
    assert told(body, known()) == [(path, kind, legacy, gateway)]


def test_a_body_that_is_no_json_any_more_is_named() -> None:
    """Its media type and the body itself; a broken document too."""
    found = differences("keys.create", Response(201, (("content-type", "text/plain"),), b"made"), known())
    assert [(one.path, one.kind) for one in found] == [
        ("content-type", DifferenceKind.CHANGED),
        ("$", DifferenceKind.MISSING),
    ]
    broken = differences("keys.create", Response(201, (("content-type", "application/json"),), b'{"id":'), known())
    assert [one.path for one in broken] == ["$"]


def test_another_status_is_named_once_the_usual_ones_are_known() -> None:
    """A success of a status that legacy never gave is told after enough answers; an error is counted as one."""
    assert told(MADE, known(times=SURE), 200) == [("status", DifferenceKind.CHANGED, "201", "200")]
    assert told(MADE, known(times=SURE - 1), 200) == []
    assert told({"detail": "no"}, known(), 400) == []
    assert told(MADE, known(status=404), 200) == []


def test_little_evidence_names_little() -> None:
    """Before enough answers nothing is told; null, and what is new, need more of them than a lost member."""
    assert told(without("name"), known(times=LEAST - 1)) == []
    assert told({"id": 7, **without("id")}, known(times=LEAST - 1)) == []
    assert len(told(without("name"), known(times=LEAST))) == 1
    assert told(MADE | {"name": None, "extra": 1}, known(times=SURE - 1)) == []
    assert told(MADE | {"limit": 5}, known(times=SURE - 1)) == []
    assert len(told(MADE | {"limit": 5}, known(times=SURE))) == 1
    assert differences("keys.create", Response(201, (("content-type", "text/plain"),)), known(times=LEAST - 1)) == []


def test_what_legacy_leaves_out_sometimes_may_be_missing() -> None:
    """One answer without it makes a member optional."""
    learned = known() + known(without("name"), 1)
    assert told(without("name"), learned) == []


def test_names_that_are_data_are_no_names() -> None:
    """Members named by an address, an id or a token, or very many, count as any member, and are never stored."""
    bodies = [
        {"alice@demo.example": {"role": 1}},
        {"3f2a9c00-aaaa-4aaa-8aaa-000000000000": {"role": 1}},
        {"sk-live-secret": {"role": 1}},
        {f"name{'x' * number}": {"role": 1} for number in range(60)},
    ]
    for body in bodies:
        shape = shape_of(answer(body))
        assert set(shape.places) == {"$", "$.*", "$.*.role"}
    learned = known(bodies[0])
    assert told({"bob@demo.example": {"role": 2}, "plain": {}}, learned) == []
    assert [entry[:2] for entry in told({"bob@demo.example": {}}, learned)] == [("$.*.role", DifferenceKind.MISSING)]


@given(JSON)
def test_what_legacy_itself_said_is_of_its_shape(body: object) -> None:
    """Whatever the document is, it differs in nothing from what was learned of it."""
    assert told(body, known(body)) == []


@pytest.mark.proof
@given(st.lists(JSON, min_size=1, max_size=5))
def test_no_answer_that_taught_is_ever_told(bodies: list[object]) -> None:
    """However different they are, each of the answers that taught is of the shape they taught."""
    learned = Answers({("keys.create", 201): reduce(add, [shape_of(answer(body)) for body in bodies] * SURE)})
    for body in bodies:
        assert told(body, learned) == []


@given(st.text(min_size=6), st.integers(100_000))
def test_a_shape_holds_no_value(text: str, number: int) -> None:
    """Neither texts nor numbers of an answer are in it."""
    stored = json.dumps(shape_of(answer({"a": text, "b": [number], "c": {"d": text}})).to_json(), ensure_ascii=False)
    assert json.dumps(text, ensure_ascii=False)[1:-1] not in stored
    assert str(number) not in stored


def test_deep_and_long_documents_are_looked_at_in_part() -> None:
    """Nesting beyond a depth and items beyond a number are left out."""
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}
    assert len(shape_of(answer(deep)).places) == 13
    assert shape_of(answer([1] * 500)).places["$[*]"].seen == 50


def test_what_cannot_be_compared() -> None:
    """A fault, an answer that was not kept whole, and what the gateway says itself are left alone."""
    assert comparable(answer(MADE))
    assert comparable(answer({"detail": "no"}, status=422))
    assert not comparable(answer(MADE, status=500))
    assert not comparable(answer(MADE, truncated=True))
    assert not comparable(replace(answer(b""), sum=BodySum(9, "a")))
    assert not comparable(Response(403, (("content-type", "application/problem+json"),), b"{}"))


def test_shapes_of_nothing() -> None:
    """An empty answer has no place; media types tell it from another."""
    empty = shape_of(Response(204))
    assert empty == AnswerShape(1, frozenset({""}))


def writes() -> list[tuple[str, Response]]:
    """Every answer to a write in the recording that may teach, with its route."""
    table = load_table(Path(presets.__file__).parent / "inferia.yaml")
    found = []
    for one in place_all(read_recording(shipped("dashboard-session.flow")).entries, table):
        response = one.exchange.response
        if one.matched is None or one.exchange.request.is_preflight or not isinstance(response, Response):
            continue
        if one.matched.route.effect is Effect.WRITE and comparable(response):
            found.append((one.matched.route.id, response))
    assert len(found) > 30
    return found


def test_the_recorded_session_raises_none() -> None:
    """No recorded answer to a write is of another shape than those before it, each of which counts many times."""
    learned = Answers()
    for route, response in writes():
        assert differences(route, response, learned) == []
        learned = reduce(add, [Answers({(route, response.status): shape_of(response)})] * SURE, learned)


@pytest.mark.proof
def test_a_member_lost_from_any_recorded_answer_is_named() -> None:
    """Whatever write of the platform's it is, each member of its answer is missed by name."""
    recorded, lost = writes(), 0
    learned = Answers()
    for route, response in recorded:
        learned = reduce(add, [Answers({(route, response.status): shape_of(response)})] * LEAST, learned)
    for route, response in recorded:
        document = json.loads(response.body) if response.body.startswith(b"{") else {}
        for name in document:
            rest = json.dumps({key: value for key, value in document.items() if key != name}).encode()
            found = differences(route, replace(response, body=rest), learned)
            assert [(one.path, one.kind) for one in found] == [(f"$.{name}", DifferenceKind.MISSING)]
            lost += 1
    assert lost > 50
