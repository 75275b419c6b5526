"""Expected by construction: each class holds for what it is for, and for nothing near it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.observation import Verdict
from gateway.core.policy import Cors, Limit, Policy
from shadow.classes.construction import CONSTRUCTION
from shadow.observe import observe
from tests.shadow.cases import PAGE, PROBLEM, TABLE, answer, pair, passed, request, setting, told

if TYPE_CHECKING:
    from gateway.core.exchange import Response
    from shadow.pairing import Pair

GET = request("GET", "/items")
BROWSER = request("GET", "/items", ("Origin", PAGE))
STAR = ("access-control-allow-origin", "*")
NAMED = request("GET", "/items", ("X-Request-ID", "mine"))
LOGS = request("GET", "/logs/7/stream")
FIND = request("GET", "/find?name=a%2Fb")
SUBSCRIPTION = {"type": "subscribe", "job": "j"}


def problem(**members: Any) -> Response:
    """A problem document of the gateway."""
    return answer({"type": "about:blank", "status": 404, "detail": "no", **members}, *PROBLEM, status=404)


def socket(url: Any, **more: Any) -> Response:
    """A descriptor of a socket."""
    return answer({"ws_url": url, "provider": "p", "subscription": SUBSCRIPTION, **more})


def redirect(location: str) -> Response:
    """A redirect."""
    return answer("", ("location", location), status=307)


def get(legacy: Response, gateway: Response, **more: Any) -> Pair:
    """A pair on the list of items."""
    return pair(legacy, gateway, asked=more.pop("asked", GET), **more)


NO = answer({"detail": "no"}, status=404)
SERVICE = "ws://sidecar.example:3000/x"
HOLDS = [
    ("request-id", get(answer({}), answer({}, ("x-request-id", "r"))), []),
    ("via", get(answer({}), answer({}, ("via", "1.1 g"))), []),
    ("reused", get(answer({}), answer({}, ("cache-status", "cutover; hit"), ("age", "3"))), []),
    ("server-date", get(answer({}, ("server", "uvicorn")), answer({}, ("server", "gw"))), []),
    ("server-date", get(answer({}, ("server", "uvicorn")), answer({})), []),
    ("cors-policy", get(answer({}, STAR), answer({}, STAR, ("access-control-expose-headers", "X-Total-Count")),
                        asked=BROWSER), []),
    ("cors-readable", get(answer({}), answer({}, STAR), asked=BROWSER), ["cors access changed by cors-readable"]),
    ("retiring", get(answer({}), answer({}, ("deprecation", "@1"), ("sunset", "x"),
                                        ("link", '</x>; rel="successor-version"'))),
     ["header deprecation extra by retiring", "header sunset extra by retiring", "header link extra by retiring"]),
    ("problem", get(NO, problem(title="Not Found", request_id="r")),
     ["header content-type changed by problem", *(f"body $.{name} extra by problem"
                                                  for name in ("type", "status", "title", "request_id"))]),
    ("ws-url", get(socket(SERVICE), socket("ws://gw.example:8800/api/v1/jobs/7/logs?ticket=t"), asked=LOGS),
     ["body $.ws_url changed by ws-url"]),
    ("location", get(redirect("http://api.example:8000/items/4"), redirect("http://gw.example:8800/api/v1/items/4")),
     ["header location changed by location"]),
    ("location", get(redirect("/items/4"), redirect("/api/v1/items/4")), ["header location changed by location"]),
    ("forwarding", get(answer({}), answer({}), upstream=passed(GET)), []),
    ("forwarding-replaced", get(answer({}), answer({}), asked=request("GET", "/items", ("Via", "1.0 x")),
                                upstream=passed(GET)), []),
    ("identity", get(answer({}), answer({}), asked=request("GET", "/items", ("X-Real-IP", "6.6.6.6")),
                     upstream=passed(GET)), []),
    ("identity", get(answer({}), answer({}), upstream=passed(GET, ("Cutover-Context", "fp:0123456789abcdef"))), []),
    ("authorization-stripped", pair(answer({}), answer({}), asked=request("GET", "/jobs", ("Authorization", "x")),
                                    upstream=passed(request("GET", "/jobs"))), []),
    ("moved-parameter", pair(answer({}), answer({}), asked=FIND, upstream=passed(FIND, target="/find?name=%61%2Fb")),
     ["upstream.query name changed by moved-parameter"]),
    ("refused-alike", get(answer({}, status=401), answer({}, status=403), refused=True),
     ["status 401→403 changed by refused-alike"]),
]  # fmt: skip


ELSEWHERE = {"trace", "limit"}
"""Shown further down, each in a table of its own."""


@pytest.mark.parametrize(
    ("name", "one", "expected"), HOLDS, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(HOLDS)]
)
def test_a_class_holds_for_what_it_is_for(name: str, one: Pair, expected: list[str]) -> None:
    """What a right gateway does is expected, or no difference at all."""
    assert name in {item.name for item in CONSTRUCTION}
    seen = observe(one, setting())
    assert told(seen) == expected
    assert seen.verdict is (Verdict.EXPECTED if expected else Verdict.MATCH)


NEAR = [
    ("a lost request id", get(answer({}, ("x-request-id", "r")), answer({}))),
    ("an Age of nobody's", get(answer({}), answer({}, ("age", "1")))),
    ("a cache of somebody else", get(answer({}), answer({}, ("cache-status", "cdn; hit")))),
    ("a lost Age", get(answer({}, ("age", "1")), answer({}))),
    ("two Via lines", get(answer({}, ("via", "a")), answer({}, ("via", "a"), ("via", "b")))),
    ("two servers", get(answer({}, ("server", "a")), answer({}, ("server", "a"), ("server", "b")))),
    ("a link to somewhere", get(answer({}), answer({}, ("link", "</x>; rel=next")))),
    ("an exposed header that no policy names", get(
        answer({}, STAR), answer({}, STAR, ("access-control-expose-headers", "X-Secret")), asked=BROWSER)),
    ("a problem with another detail", get(NO, problem(detail="yes"))),
    ("a problem with another status in it", get(NO, problem(status=400))),
    ("a problem with more in it", get(NO, problem(debug="x"))),
    ("a socket past the gateway", get(socket(SERVICE), socket("ws://other/api/v1/jobs/7/logs"), asked=LOGS)),
    ("a socket that is no socket", get(socket(SERVICE), socket("http://gw.example:8800/api/v1/jobs/7/logs"),
                                       asked=LOGS)),
    ("another job's socket", get(socket(SERVICE), socket("ws://gw.example:8800/api/v1/jobs/8/logs"), asked=LOGS)),
    ("a socket of no route", get(socket(SERVICE), socket("ws://gw.example:8800/x"), asked=LOGS)),
    ("another subscription", get(socket(SERVICE), socket("ws://gw.example:8800/api/v1/jobs/7/logs", subscription={}),
                                 asked=LOGS)),
    ("no text for a socket", get(socket(SERVICE), socket(1),
                                 asked=LOGS)),
    ("a redirect elsewhere", get(redirect("http://api.example:8000/items/4"), redirect("/api/v1/items/5"))),
    ("a redirect that keeps the service's path", get(redirect("http://10.1.0.1:8000/items/4"), redirect("/items/4"))),
    ("a redirect to another host", get(redirect("http://api.example:8000/items"), redirect("http://x/api/v1/items"))),
    ("an outside redirect mapped", get(redirect("http://out.example/items"), redirect("/api/v1/items"))),
    ("a redirect that is no URL", get(redirect("http://api.example:8000/items"), redirect("http://[x"))),
    ("a service's redirect passed as it is", get(redirect("/items/4"), redirect("/items/4"))),
    ("a good request id replaced", get(answer({}), answer({}), asked=NAMED, upstream=passed(GET))),
    ("X-Forwarded-For of somebody else", get(answer({}), answer({}), upstream=passed(
        GET, ("X-Forwarded-For", "6.6.6.6"), without=("x-forwarded-for",)))),
    ("an internal key where none belongs", pair(
        answer({}), answer({}), asked=request("GET", "/socket", ("Upgrade", "websocket")),
        upstream=passed(request("GET", "/socket", ("Upgrade", "websocket")), ("X-Internal-API-Key", "k")))),
    ("an unheard-of header of our own", get(answer({}), answer({}), upstream=passed(GET, ("Cutover-Other", "x")))),
    ("two contexts", get(answer({}), answer({}),
                         upstream=passed(GET, ("Cutover-Context", "fp:1"), ("Cutover-Context", "fp:2")))),
    ("an unheard-of identity header", get(answer({}), answer({}), upstream=passed(GET, ("X-Tenant", "t")))),
    ("a moved parameter changed", pair(answer({}), answer({}), asked=FIND,
                                       upstream=passed(FIND, target="/find?name=a%252Fb"))),
    ("a plain parameter respelled", get(answer({}), answer({}), asked=request("GET", "/items?a=%61"),
                                        upstream=passed(request("GET", "/items?a=%61"), target="/items?a=a"))),
    ("a refusal for another reason", get(answer({}, status=404), answer({}, status=401), refused=True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one"), NEAR, ids=[name for name, _ in NEAR])
def test_what_is_only_near_is_a_mismatch(name: str, one: Pair) -> None:
    """No class excuses what merely resembles it."""
    seen = observe(one, setting())
    assert seen.verdict is Verdict.MISMATCH, name


def test_a_policy_that_does_not_name_the_origin_excuses_nothing() -> None:
    """Letting in a page that the declared policy does not name is a mismatch."""
    strict = replace(TABLE, policy=Policy(cors=Cors(origins=("http://other.example",))))
    seen = observe(get(answer({}), answer({}, STAR), asked=BROWSER), setting(table=strict))
    assert told(seen) == ["cors access changed"]


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CLIENT_SPAN = ("traceparent", f"00-{TRACE}-{SPAN}-01")
OWN_SPAN = ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")
NEW_TRACE = ("traceparent", f"00-{'1' * 32}-{'2' * 16}-01")
STATE = ("tracestate", "a=1")


@pytest.mark.parametrize(
    ("asked", "sent", "verdict"),
    [
        ((), (NEW_TRACE,), Verdict.MATCH),
        ((CLIENT_SPAN, STATE), (OWN_SPAN, STATE), Verdict.MATCH),
        ((("traceparent", "nonsense"), STATE), (NEW_TRACE,), Verdict.MATCH),
        ((CLIENT_SPAN,), (NEW_TRACE,), Verdict.MISMATCH),
        ((CLIENT_SPAN,), (("traceparent", OWN_SPAN[1][:-1] + "0"),), Verdict.MISMATCH),
        ((CLIENT_SPAN,), (), Verdict.MISMATCH),
        ((CLIENT_SPAN, STATE), (OWN_SPAN,), Verdict.MISMATCH),
        ((), (("traceparent", "nonsense"),), Verdict.MISMATCH),
        ((), (NEW_TRACE, STATE), Verdict.MISMATCH),
    ],
)
def test_only_a_span_in_the_same_trace_is_expected(
    asked: tuple[tuple[str, str], ...], sent: tuple[tuple[str, str], ...], verdict: Verdict
) -> None:
    """A trace is continued with its id, flags and state, or begun where the client names none."""
    upstream = passed(request("GET", "/items"), *sent)
    seen = observe(get(answer({}), answer({}), asked=request("GET", "/items", *asked), upstream=upstream), setting())
    assert seen.verdict is verdict


@pytest.mark.parametrize(
    ("name", "value", "limits", "verdict"),
    [
        ("ratelimit-policy", '"read";q=1200;w=60', {"read": Limit(1)}, Verdict.MATCH),
        ("ratelimit", '"read";r=7;t=1', {"read": Limit(1)}, Verdict.MATCH),
        ("x-ratelimit-limit", "1200", {"read": Limit(1)}, Verdict.MATCH),
        ("x-ratelimit-remaining", "7", {"read": Limit(1)}, Verdict.MATCH),
        ("x-ratelimit-reset", "1", {"read": Limit(1)}, Verdict.MATCH),
        ("ratelimit", '"write";r=7;t=1', {"read": Limit(1), "write": Limit(1)}, Verdict.MISMATCH),
        ("ratelimit", '"read";r=7;t=1', {"write": Limit(1)}, Verdict.MISMATCH),
        ("x-ratelimit-remaining", "-1", {"read": Limit(1)}, Verdict.MISMATCH),
        ("x-ratelimit-scope", "1", {"read": Limit(1)}, Verdict.MISMATCH),
        ("retry-after", "1", {"read": Limit(1)}, Verdict.MISMATCH),
    ],
)
def test_only_the_limit_of_the_route_itself_is_expected(
    name: str, value: str, limits: dict[str, Limit], verdict: Verdict
) -> None:
    """The gateway's own limit headers are no difference; another class, another shape or another name is."""
    limited = replace(TABLE, limits=limits)
    seen = observe(get(answer({}), answer({}, (name, value))), setting(table=limited))
    assert seen.verdict is verdict


def test_a_limit_that_legacy_tells_and_the_gateway_changes_is_a_mismatch() -> None:
    """What a service says of its own limit arrives as it is."""
    limited = replace(TABLE, limits={"read": Limit(1)})
    one = get(answer({}, ("x-ratelimit-limit", "60")), answer({}, ("x-ratelimit-limit", "1200")))
    assert observe(one, setting(table=limited)).verdict is Verdict.MISMATCH


def test_an_unusable_request_id_is_replaced() -> None:
    """A client's request id that no header should carry gives way to a new one."""
    asked = request("GET", "/items", ("X-Request-ID", "no good"))
    new = ("X-Request-ID", "33333333-3333-4333-8333-333333333331")
    plain = request("GET", "/items")
    seen = observe(
        get(answer({}), answer({}), asked=asked, upstream=passed(plain, new, without=("x-request-id",))), setting()
    )
    assert seen.verdict is Verdict.MATCH
