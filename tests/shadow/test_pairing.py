"""Pairs and the upstream documents of copies."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from gateway.core.exchange import Failure, Request
from shadow.pairing import BODY_SHA256, upstream_request
from tests.shadow.cases import answer, pair


def test_answers_need_both_sides() -> None:
    """A pair has answers only when both sides gave one."""
    assert pair(answer({}), Failure("timeout")).answers is None
    both = pair(answer({}), answer([])).answers
    assert both is not None
    assert [one.body for one in both] == [b"{}", b"[]"]


def test_the_second_look_stands_in_for_legacy() -> None:
    """With a second legacy read, the pair can be looked at as if that had come first."""
    second = pair(answer({"n": 2}), answer({})).legacy
    one = pair(answer({"n": 1}), answer({}))
    assert one.second_look() is None
    looked = pair(answer({"n": 1}), answer({}), again=second).second_look()
    assert looked is not None
    assert (looked.legacy, looked.again) == (second, None)


def test_the_third_look_holds_both_second_answers() -> None:
    """Only when both sides were asked again is there one."""
    second = pair(answer({"n": 2}), answer({"n": 3}))
    one = pair(answer({"n": 1}), answer({}), again=second.legacy)
    assert one.third_look() is None
    assert pair(answer({}), answer({}), retried=second.gateway).third_look() is None
    looked = replace(one, retried=second.gateway).third_look()
    assert looked is not None
    assert (looked.legacy, looked.gateway, looked.again) == (second.legacy, second.gateway, None)


def test_an_upstream_document_becomes_a_request() -> None:
    """A document with a body is read back whole; one with a digest carries it in a header."""
    request = Request("POST", "/a", (("X", "1"),), b"body")
    assert upstream_request(request.to_json()) == request
    by_digest = upstream_request({"method": "POST", "target": "/a", "headers": [], "body_sha256": "ab"})
    assert by_digest.body == b""
    assert by_digest.headers == ((BODY_SHA256, "ab"),)


@pytest.mark.parametrize("document", [{}, {"method": 1}, {"method": "GET", "target": "/", "headers": 3, "body": "!"}])
def test_a_broken_document_is_refused(document: dict[str, object]) -> None:
    """What is no request raises one of the declared errors."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        upstream_request(document)


def test_bodies_survive_as_bytes() -> None:
    """Every byte of an upstream body survives the document."""
    data = bytes(range(256))
    assert upstream_request(Request("PUT", "/", (), data).to_json()).body == data
    assert base64.b64encode(data).decode() in str(Request("PUT", "/", (), data).to_json())


@pytest.mark.parametrize(
    ("legacy", "gateway", "refused", "alike"),
    [
        (403, 403, True, True),
        (401, 403, True, True),
        (404, 404, True, True),
        (410, 404, True, True),
        (200, 403, True, False),
        (404, 403, True, False),
        (500, 401, True, False),
        (403, 403, False, False),
    ],
)
def test_a_refusal_may_be_legacys_too(legacy: int, gateway: int, refused: bool, alike: bool) -> None:  # noqa: FBT001 - a table
    """Who is refused by both for the same kind of reason is locked out by neither anew."""
    one = replace(pair(answer({}, status=legacy), answer({}, status=gateway)), refused=refused)
    assert one.refused_alike is alike
    assert not replace(pair(answer({}), Failure("timeout")), refused=True).refused_alike
