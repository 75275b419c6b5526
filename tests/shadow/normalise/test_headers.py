"""Response headers in comparable form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request
from shadow.normalise.headers import comparable, content_type

PLAIN = Request("GET", "/")
NAMED = Request("GET", "/", (("X-Request-ID", "mine"),))


def test_transport_is_left_out() -> None:
    """Hop-by-hop headers, those Connection names, CORS, cookies, framing and instruments are not compared here."""
    headers = (
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Access-Control-Allow-Origin", "*"),
        ("Set-Cookie", "a=1"),
        ("Content-Length", "1"),
        ("Cutover-Refused", "1"),
        ("X-Multi", "a "),
        ("x-multi", "b"),
    )
    assert comparable(headers, PLAIN, ()) == {"x-multi": ["a", "b"]}


def test_boundaries_mean_nothing() -> None:
    """A content type is the same whatever stands between its parts; its other parameters count."""
    for value in ("multipart/form-data; boundary=x", 'multipart/form-data;boundary="a;b"', "multipart/form-data"):
        assert comparable((("Content-Type", value),), PLAIN, ()) == {"content-type": ["multipart/form-data"]}
    kept = 'Multipart/Related; type="a/b"'
    assert content_type(f"{kept}; boundary=x") == kept
    assert content_type("text/plain; boundary=x") == "text/plain; boundary=x"


def test_generated_values_are_blanked_but_echoes_kept() -> None:
    """A value made per answer is blanked; one that echoes what the client sent is told apart."""
    answer = (("date", "now"), ("x-request-id", "mine"))
    assert comparable(answer, NAMED, NAMED.headers) == {"date": ["(generated)"], "x-request-id": ["(echo)"]}
    assert comparable(answer, NAMED, ())["x-request-id"] == ["(generated)"]
    assert comparable((("x-request-id", "other"),), NAMED, NAMED.headers)["x-request-id"] == ["(generated)"]


@given(st.lists(st.tuples(st.sampled_from(["date", "x-a", "Connection", "X-Request-Id"]), st.text(max_size=5))))
def test_normalising_is_idempotent(headers: list[tuple[str, str]]) -> None:
    """What is normalised once does not change when it is normalised again."""
    once = comparable(tuple(headers), PLAIN, ())
    again = comparable(tuple((name, value) for name, values in once.items() for value in values), PLAIN, ())
    assert once == again
