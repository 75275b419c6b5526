"""Bodies too large to be kept, compared by length and digest."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.exchange import BodySum, Failure, Response
from gateway.core.observation import Verdict
from shadow.observe import observe
from shadow.pairing import DRY_RUN, Pair
from shadow.sums import RunningSum, diff, incomparable, summed, told, without_lengths
from tests.shadow.cases import KEY, answer, found_as, pair, setting
from tests.shadow.cases import told as differences

BYTES = (("content-type", "application/octet-stream"),)


def large(content: bytes, *headers: tuple[str, str], status: int = 200) -> Response:
    """An answer whose body was summed and not kept."""
    return Response(status, (*BYTES, *headers), sum=BodySum(len(content), hashlib.sha256(content).hexdigest()))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=8), st.binary(max_size=30), st.integers(0, 200))
def test_a_running_sum_is_that_of_the_whole(chunks: list[bytes], start: bytes, limit: int) -> None:
    """However a body is cut, length and digest are the same; beyond the limit there is none."""
    running, whole = RunningSum(start, limit), start + b"".join(chunks)
    for chunk in chunks:
        running.add(chunk)
    expected = BodySum(len(whole), hashlib.sha256(whole).hexdigest()) if len(whole) <= limit else None
    assert running.value == expected


def test_equal_bodies_are_equal_though_nobody_kept_them() -> None:
    """Summed on both sides, or kept on one: what counts is the bytes."""
    for gateway in (large(b"same"), Response(200, BYTES, b"same")):
        one = pair(large(b"same"), gateway)
        assert (summed(one), diff(one, KEY)) == (True, [])
        assert observe(one, setting()).verdict is Verdict.MATCH


def test_other_bytes_are_a_mismatch_and_no_content_is_told() -> None:
    """Length and keyed digest of both stand in the difference and in the stored exchanges."""
    one = pair(large(b"some"), large(b"other"))
    seen = observe(one, setting())
    assert (seen.verdict, differences(seen)) == (Verdict.MISMATCH, ["body digest changed"])
    (found,) = seen.differences
    assert found.legacy.startswith("[4 bytes, fp:")
    assert found.gateway.startswith("[5 bytes, fp:")
    assert hashlib.sha256(b"some").hexdigest()[:12] not in repr(seen)
    assert (seen.legacy["response"]["body_bytes"], seen.legacy["response"]["body"]) == (4, found.legacy)


def test_nothing_is_summed_where_bodies_were_kept() -> None:
    """Small bodies are compared as ever."""
    one = pair(answer({"a": 1}), answer({"a": 2}))
    assert (summed(one), diff(one, KEY), without_lengths(one) is one) == (False, [], True)
    assert not summed(pair(Failure("timeout"), answer({})))


def test_a_length_that_is_not_true_is_found() -> None:
    """A gateway that announces another length than it sends; how legacy frames its own is nobody's business."""
    wrong = pair(large(b"same", ("content-length", "4")), large(b"same", ("content-length", "5")))
    assert found_as(diff(wrong, KEY)) == ["header content-length changed"]
    assert observe(wrong, setting()).verdict is Verdict.MISMATCH
    chunked = pair(large(b"same", ("transfer-encoding", "chunked")), large(b"same", ("content-length", "4")))
    assert observe(chunked, setting()).verdict is Verdict.MATCH


def test_answers_of_another_kind_are_compared_by_their_status() -> None:
    """An error instead of a file is one difference, not two."""
    for coded in ((), (("content-encoding", "gzip"),)):
        seen = observe(pair(large(b"file", *coded), answer(b"", status=502)), setting())
        assert (seen.verdict, differences(seen)) == (Verdict.MISMATCH, ["status 200→502 changed"])


def test_different_codings_cannot_be_compared() -> None:
    """The digests of a body zipped and plain say nothing; that is told, and is no mismatch."""
    one = pair(large(b"zipped", ("content-encoding", "gzip")), large(b"plain"))
    assert incomparable(one)
    seen = observe(one, setting())
    assert (seen.verdict, seen.note) == (
        Verdict.FAILED,
        "a body is too large to be kept, and the two are coded differently",
    )
    assert not incomparable(
        pair(large(b"a", ("content-encoding", "gzip")), large(b"b", ("content-encoding", "gzip")))
    )


def test_a_dry_run_asks_nothing_of_the_answers_body() -> None:
    """Only the upstream request counts, however large the answer was."""
    one = replace(pair(large(b"file"), answer({"upstream": {}})), mode=DRY_RUN)
    assert isinstance(one, Pair)
    assert not any(item.path == "digest" for item in observe(one, setting()).differences)


def test_a_sum_is_told_by_a_keyed_digest() -> None:
    """Equal bodies can be told equal, and nobody without the key can tell which they are."""
    one = BodySum(7, "ab" * 32)
    assert told(one, KEY) == told(one, KEY) != told(one, b"another key")
    assert "abab" not in told(one, KEY)
