"""What the shadow says about small differences: a catalogue to read from top to bottom."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.core.exchange import Failure, Frame, Request, Response
from gateway.core.observation import Verdict
from shadow.observe import observe
from tests.shadow.cases import JSON, PAGE, PROBLEM, answer, pair, passed, request, setting, told

OPEN = ("access-control-allow-origin", "*")
FROM_PAGE = request("GET", "/items", ("Origin", PAGE))
PREFLIGHT = request(
    "OPTIONS",
    "/items",
    ("Origin", PAGE),
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "authorization,content-type"),
)
ALLOWED = (
    ("access-control-allow-origin", PAGE),
    ("access-control-allow-methods", "GET, POST"),
    ("access-control-allow-headers", "authorization,content-type"),
)
SSE = (("content-type", "text/event-stream"),)
OTHER_CHUNKS = 'data:{"a":1}\r\n\r\ndata:[DONE]\r\n\r\n'
ITEMS = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "c"}]
GZIPPED = gzip.compress(b'{"a":1}', mtime=0)
ASKED = request("GET", "/items?a=1&a=2&b=%2B3", ("Authorization", "Bearer x.y.z"))
CREATE = request("POST", "/items", body={"name": "x", "tags": ["p", "q"]})
JOB = request("GET", "/jobs", ("Authorization", "Bearer x.y.z"))
LEGACY_500 = answer({"error": "internal_server_error"}, status=500)


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue."""

    name: str
    legacy: Response | Failure
    gateway: Response | Failure
    verdict: str
    differences: list[str] = field(default_factory=list)
    asked: Request | None = None
    more: dict[str, Any] = field(default_factory=dict)


def sent(name: str, asked: Request, upstream: Request, verdict: str, *differences: str) -> Entry:
    """An entry about the request that reaches the service; the answers are equal."""
    more = {"upstream": upstream}
    return Entry(name, answer({"a": 1}), answer({"a": 1}), verdict, list(differences), asked, more)


def frames(*texts: str) -> tuple[Frame, ...]:
    """Messages of the server."""
    return tuple(Frame(from_client=False, text=True, data=text.encode()) for text in texts)


def stream(*events: str) -> Response:
    """An event stream of these data lines."""
    return answer("".join(f"data: {event}\n\n" for event in events), *SSE)


SAME = [
    Entry("equal", answer({"a": 1}), answer({"a": 1}), "match"),
    Entry("another order of members", answer({"a": 1, "b": 2}), answer({"b": 2, "a": 1}), "match"),
    Entry("another spelling of a number", answer(b'{"a":1.0}', *JSON), answer(b'{"a":1}', *JSON), "match"),
    Entry("another spelling of a text", answer('{"a":"é"}', *JSON), answer(b'{"a":"\\u00e9"}', *JSON), "match"),
    Entry(
        "compressed on one side only",
        answer({"a": 1}),
        answer(GZIPPED, *JSON, ("content-encoding", "gzip"), ("vary", "Accept-Encoding")),
        "match",
        asked=request("GET", "/items", ("Accept-Encoding", "gzip")),
    ),
    Entry("chunked on one side only", answer({}), answer({}, ("transfer-encoding", "chunked")), "match"),
    Entry(
        "dates, ids and times made per answer",
        answer({}, ("date", "Sun, 22 Nov 2026 19:12:20 GMT"), ("x-request-id", "a"), ("x-processing-time-ms", "3")),
        answer({}, ("date", "Sun, 22 Nov 2026 19:12:21 GMT"), ("x-request-id", "b"), ("x-processing-time-ms", "5")),
        "match",
    ),
    Entry("the gateway's own headers", answer({}), answer({}, ("via", "1.1 gw"), ("x-request-id", "r")), "match"),
    Entry(
        "a bare * for an echoed origin",
        answer({}, ("access-control-allow-origin", PAGE), ("vary", "Origin")),
        answer({}, OPEN, ("access-control-expose-headers", "X-Request-ID")),
        "match",
        asked=FROM_PAGE,
    ),
    Entry(
        "a preflight allowed in other words",
        answer("OK", *ALLOWED, ("access-control-max-age", "600")),
        answer("", OPEN, *ALLOWED[1:], status=204),
        "match",
        asked=PREFLIGHT,
    ),
]

BODIES = [
    Entry("a lost member", answer({"a": 1, "b": 2}), answer({"a": 1}), "mismatch", ["body $.b missing"]),
    Entry("an added member", answer({"a": 1}), answer({"a": 1, "b": 2}), "mismatch", ["body $.b extra"]),
    Entry("null for missing", answer({"a": 1}), answer({"a": 1, "b": None}), "mismatch", ["body $.b extra"]),
    Entry("a changed value", answer({"a": 1}), answer({"a": 2}), "mismatch", ["body $.a changed"]),
    Entry("a number as text", answer({"a": 1}), answer({"a": "1"}), "mismatch", ["body $.a type"]),
    Entry("true is not 1", answer({"a": 1}), answer({"a": True}), "mismatch", ["body $.a type"]),
    Entry("another time zone", answer({"t": "10:00Z"}), answer({"t": "11:00"}), "mismatch", ["body $.t changed"]),
    Entry("a truncated list", answer(ITEMS), answer(ITEMS[:2]), "mismatch", ["body $[id=3] missing"]),
    Entry("a list in another order", answer(ITEMS), answer(ITEMS[::-1]), "mismatch", ["body $ order"]),
    Entry(
        "a changed item in a moved list",
        answer(ITEMS),
        answer([{**ITEMS[2], "name": "z"}, *ITEMS[:2]]),
        "mismatch",
        ["body $ order", "body $[id=3].name changed"],
    ),
    Entry("plain values reordered", answer(["p", "q"]), answer(["q", "p"]), "mismatch", ["body $ order"]),
    Entry("a plain value lost", answer(["p", "q"]), answer(["p"]), "mismatch", ["body $[1] missing"]),
    Entry("a list for an object", answer([]), answer({}), "mismatch", ["body $ type"]),
    Entry(
        "declared identity",
        answer({"rows": [{"rank": 1, "name": "x"}, {"rank": 2, "name": "x"}]}),
        answer({"rows": [{"rank": 2, "name": "y"}, {"rank": 1, "name": "x"}]}),
        "mismatch",
        ["body $.rows order", "body $.rows[rank=2].name changed"],
        asked=request("GET", "/ranks"),
    ),
    Entry(
        "items without identity",
        answer([{"a": 1, "b": [1, 2]}, {"a": 5, "b": [6]}]),
        answer([{"a": 5, "b": [7]}, {"a": 1, "b": [1, 3]}]),
        "mismatch",
        ["body $[0].b[1] changed", "body $[1].b[0] changed"],
    ),
    Entry("an empty body", answer({"a": 1}), answer(b"", *JSON), "mismatch", ["body missing"]),
    Entry(
        "broken JSON",
        answer({"a": 1}),
        answer(b'{"a":', *JSON),
        "mismatch",
        ["body content type"],
    ),
    Entry(
        "labelled gzip, but plain",
        answer({"a": 1}),
        answer({"a": 1}, ("content-encoding", "gzip")),
        "mismatch",
        ["header content-encoding extra", "body content-encoding changed"],
    ),
    Entry(
        "other text",
        answer("a", ("content-type", "text/plain")),
        answer("b", ("content-type", "text/plain")),
        "mismatch",
        ["body text changed"],
    ),
    Entry("other bytes", answer(b"\0a"), answer(b"\0b"), "mismatch", ["body digest changed"]),
]

HEADERS = [
    Entry("another status", answer({}), answer({}, status=201), "mismatch", ["status 200→201 changed"]),
    Entry("a swallowed error", LEGACY_500, answer({}), "mismatch", ["status 500→200 changed"]),
    Entry(
        "a lost header", answer({}, ("x-total-count", "3")), answer({}), "mismatch", ["header x-total-count missing"]
    ),
    Entry(
        "two lines joined into one",
        answer({}, ("x-multi", "a"), ("x-multi", "b")),
        answer({}, ("x-multi", "a, b")),
        "mismatch",
        ["header x-multi count"],
    ),
    Entry(
        "two dates",
        answer({}, ("date", "x")),
        answer({}, ("date", "x"), ("date", "y")),
        "mismatch",
        ["header date count"],
    ),
    Entry(
        "a wrong length",
        answer({}),
        answer({}, ("content-length", "9")),
        "mismatch",
        ["header content-length changed"],
    ),
    Entry(
        "length and chunks at once",
        answer({}),
        answer({}, ("content-length", "2"), ("transfer-encoding", "chunked")),
        "mismatch",
        ["header content-length changed"],
    ),
    Entry(
        "caching allowed",
        answer({}),
        answer({}, ("cache-control", "public")),
        "mismatch",
        ["header cache-control extra"],
    ),
    Entry(
        "cookies joined into one line",
        answer({}, ("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/")),
        answer({}, ("set-cookie", "a=1; Path=/, b=2; Path=/")),
        "mismatch",
        ["cookie b missing"],
    ),
    Entry(
        "a cookie with a wider scope",
        answer({}, ("set-cookie", "s=1; Secure; SameSite=Lax")),
        answer({}, ("set-cookie", "s=1; SameSite=None; Domain=example.com")),
        "mismatch",
        ["cookie s.domain extra", "cookie s.samesite changed", "cookie s.secure missing"],
    ),
    Entry(
        "a redirect past the gateway",
        answer("", ("location", "http://api.example:8000/items"), status=307),
        answer("", ("location", "http://10.1.0.1:8000/items"), status=307),
        "mismatch",
        ["header location changed"],
    ),
    Entry(
        "a redirect in gateway terms",
        answer("", ("location", "http://api.example:8000/items?x=1"), status=307),
        answer("", ("location", "/api/v1/items?x=1"), status=307),
        "expected",
        ["header location changed by location"],
    ),
]

BROWSER = [
    Entry("a page shut out", answer({}, OPEN), answer({}), "mismatch", ["cors access changed"], FROM_PAGE),
    Entry(
        "two allowed origins",
        answer({}, OPEN),
        answer({}, OPEN, OPEN),
        "mismatch",
        ["cors access changed"],
        FROM_PAGE,
    ),
    Entry(
        "a page let in by policy",
        answer({}),
        answer({}, OPEN),
        "expected",
        ["cors access changed by cors-readable"],
        FROM_PAGE,
    ),
    Entry(
        "an echoed origin that may be cached",
        answer({}, OPEN),
        answer({}, ALLOWED[0]),
        "mismatch",
        ["cors vary missing"],
        FROM_PAGE,
    ),
    Entry(
        "a preflight refused",
        answer("OK", *ALLOWED),
        answer("no", *ALLOWED, status=400),
        "mismatch",
        ["cors preflight changed"],
        PREFLIGHT,
    ),
    Entry(
        "a preflight without the header asked for",
        answer("OK", *ALLOWED),
        answer("OK", OPEN, ALLOWED[1], ("access-control-allow-headers", "*")),
        "mismatch",
        ["cors preflight changed"],
        PREFLIGHT,
    ),
]

STREAMS = [
    Entry(
        "equal events in other chunks",
        stream('{"a":1}', "[DONE]"),
        answer(OTHER_CHUNKS, *SSE),
        "match",
    ),
    Entry("no [DONE]", stream("1", "[DONE]"), stream("1"), "mismatch", ["stream done missing"]),
    Entry("a lost event", stream('{"n":1}', '{"n":2}'), stream('{"n":1}'), "mismatch", ["stream events[1] missing"]),
    Entry("reordered events", stream("1", "2"), stream("2", "1"), "mismatch", ["stream events order"]),
    Entry(
        "a changed event",
        stream('{"n":{"m":1}}'),
        stream('{"n":{"m":2}}'),
        "mismatch",
        ["stream events[0]$.n.m changed"],
    ),
    Entry("an error event", stream("1"), stream("1", '{"error":"x"}'), "mismatch", ["stream error extra"]),
    Entry(
        "a cut event",
        stream("1", "2"),
        answer("data: 1\n\ndata: 2\n", *SSE),
        "mismatch",
        ["stream tail extra", "stream events[1] missing"],
    ),
    Entry(
        "a lost message",
        answer(),
        answer(),
        "mismatch",
        ["frame server[1] missing"],
        more={"frames": (frames("a", "b"), frames("a"))},
    ),
    Entry(
        "a changed message",
        answer(),
        answer(),
        "mismatch",
        ["frame server[0]$.type changed"],
        more={"frames": (frames('{"type":"log"}'), frames('{"type":"error"}'))},
    ),
]

UPSTREAM = [
    sent("the right request upstream", ASKED, passed(ASKED), "match"),
    sent(
        "a repeated parameter lost",
        ASKED,
        passed(ASKED, target="/items?a=2&b=%2B3"),
        "mismatch",
        "upstream.query a count",
    ),
    sent(
        "a plus decoded", ASKED, passed(ASKED, target="/items?a=1&a=2&b=+3"), "mismatch", "upstream.query b changed"
    ),
    sent(
        "parameters reordered",
        ASKED,
        passed(ASKED, target="/items?b=%2B3&a=1&a=2"),
        "mismatch",
        "upstream.query order",
    ),
    sent("another path", ASKED, passed(ASKED, target="/itemz?a=1&a=2&b=%2B3"), "mismatch", "upstream.path changed"),
    sent("another method", ASKED, passed(ASKED, method="POST"), "mismatch", "upstream.method changed"),
    sent(
        "a lost header upstream",
        ASKED,
        passed(ASKED, without=("accept",)),
        "mismatch",
        "upstream.header accept missing",
    ),
    sent(
        "a lost token",
        ASKED,
        passed(ASKED, without=("authorization",)),
        "mismatch",
        "upstream.header authorization missing",
    ),
    sent("the token stripped where it is declared", JOB, passed(JOB), "match"),
    sent(
        "a forwarded JWT",
        JOB,
        passed(JOB, ("Authorization", "Bearer x.y.z")),
        "mismatch",
        "upstream.header authorization extra",
    ),
    sent(
        "no X-Forwarded-For",
        ASKED,
        passed(ASKED, without=("x-forwarded-for",)),
        "mismatch",
        "upstream.header x-forwarded-for missing",
    ),
    sent(
        "a second internal key",
        ASKED,
        passed(ASKED, ("X-Internal-API-Key", "spoofed")),
        "mismatch",
        "upstream.header x-internal-api-key count",
    ),
    sent(
        "the client's Host",
        ASKED,
        passed(ASKED, ("Host", "evil"), without=("host",)),
        "mismatch",
        "upstream.header host changed",
    ),
    sent("a body written anew", CREATE, passed(CREATE, body=b'{"tags":["p","q"], "name":"x"}'), "match"),
    sent(
        "a body changed",
        CREATE,
        passed(CREATE, body=b'{"tags":["p"], "name":"x"}'),
        "mismatch",
        "upstream.body $.tags[1] missing",
    ),
]

DECIDED = [
    Entry(
        "the same detail as a problem",
        answer({"detail": "no"}, status=404),
        answer({"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no"}, *PROBLEM, status=404),
        "expected",
        [
            "header content-type changed by problem",
            "body $.type extra by problem",
            "body $.title extra by problem",
            "body $.status extra by problem",
        ],
    ),
    Entry(
        "a declared change of status",
        LEGACY_500,
        answer({"detail": "sign in"}, status=401),
        "expected",
        ["status 500→401 changed by change:say-401"],
        request("GET", "/users"),
        {"refused": True},
    ),
    Entry(
        "a declared change of one place",
        answer({"label": "a"}),
        answer({"label": "b"}),
        "expected",
        ["body $.label changed by change:new-label"],
        request("GET", "/users"),
    ),
    Entry(
        "a refusal that legacy shares",
        answer({"detail": "no"}, status=401),
        answer({"detail": "no"}, status=403),
        "expected",
        ["status 401→403 changed by refused-alike"],
        None,
        {"refused": True},
    ),
    Entry(
        "a refusal of the gateway alone",
        answer({"a": 1}),
        answer({"detail": "no"}, status=403),
        "mismatch",
        ["status 200→403 changed"],
        None,
        {"refused": True},
    ),
    Entry("no answer", answer({}), Failure("timeout", "10 s"), "failed"),
    Entry(
        "half an answer", answer({"a": 1}), answer(b'{"a"', *JSON, truncated=True), "failed", ["body content type"]
    ),
    Entry(
        "legacy changed meanwhile",
        answer({"n": 1}),
        answer({"n": 2}),
        "inconclusive",
        ["body $.n changed"],
        more={"again": pair(answer({"n": 2}), answer({})).legacy},
    ),
    Entry(
        "legacy said the same twice",
        answer({"n": 1}),
        answer({"n": 2}),
        "mismatch",
        ["body $.n changed"],
        more={"again": pair(answer({"n": 1}), answer({})).legacy},
    ),
]

CATALOGUE = [*SAME, *BODIES, *HEADERS, *BROWSER, *STREAMS, *UPSTREAM, *DECIDED]


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_the_catalogue(entry: Entry) -> None:
    """Each small difference is found at its place, and judged as the catalogue says."""
    observation = observe(pair(entry.legacy, entry.gateway, asked=entry.asked, **entry.more), setting())
    assert told(observation) == entry.differences
    assert observation.verdict is Verdict(entry.verdict)


def test_the_catalogue_has_no_double() -> None:
    """Every entry has a name of its own."""
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE) > 60
