from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.credentials import ApiKeys, Credentials, Introspect, Jwks, Tokens
from gateway.core.routes import KeyCheck
from tests.apps.route_tables import GOOD, table, told

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

HEAD = "gateway:\n  listen: 127.0.0.1:8800\n"
FULL = """\
gateway:
  algorithms: [RS256, HS256]
  proxy_header: forwarded
  tokens: {issuer: https://id.example, audience: [a, b], type: any, leeway: 5s}
  jwks: {url: "https://${ID}/keys", refresh: 1m, keep: 2h}
  api_keys:
    introspect: {service: main, target: "GET /internal/models?limit=1", organisation: org}
    keep: 20s
    keep_refused: 1s
"""


def test_how_credentials_are_checked_arrives() -> None:
    """Every key of the three sections is read; addresses are filled from the environment."""
    loaded: RouteTable = table(GOOD.replace(HEAD, FULL), {"ID": "id.example"})  # type: ignore[assignment]
    assert loaded.policy.proxy_header == "forwarded"
    assert loaded.policy.credentials == Credentials(
        Tokens("https://id.example", ("a", "b"), "any", 5.0),
        Jwks("https://id.example/keys", 60.0, 7200.0),
        ApiKeys(Introspect("main", "GET", "/internal/models?limit=1", "org"), 20.0, 1.0),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("algorithms: [RS256]", "gateway: RS256 is accepted without a key; write jwks:"),
        ("algorithms: [none]", "algorithms 'none' is not known"),
        ("jwks: {url: https://a/k}", "no accepted algorithm uses published keys; add RS256 or ES256"),
        ("jwks: {url: https://a/k, refresh: 900ms}", "refresh '900ms' is too often; write 1s or more"),
        ("jwks: {}", "jwks: url is missing"),
        ("tokens: {leeway: 2m}", "leeway '2m' is too long; write at most 60s"),
        ("tokens: {issuer: ''}", "issuer is empty"),
        (
            "tokens: {audience: []}",
            "audience names none, and aud would not be checked; write one, or remove the line",
        ),
        ("tokens: {expiry: 1}", "key expiry is not known"),
        ("api_keys: {keep: 5m}", "keep '5m' is too long; write at most 60s"),
        ("api_keys: {introspect: {service: mian, target: GET /x}}", "service 'mian' is not known; write main"),
        ("api_keys: {introspect: {service: main, target: DELETE /x}}", "target 'DELETE /x' is no request"),
        ("api_keys: {introspect: {service: main, target: GET x}}", "target 'GET x' is no request"),
        (
            "api_keys: {introspect: {service: main, target: 'GET /x y'}}",
            "is no request; write GET or POST and a path",
        ),
        ("proxy_header: x-real-ip", "proxy_header 'x-real-ip' is not known"),
    ],
)
def test_a_wrong_line_is_told(line: str, problem: str) -> None:
    """What would let nobody in, or everybody, is refused with what to write."""
    assert any(problem in text for text in told(GOOD.replace(HEAD, f"gateway:\n  {line}\n")))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://id.example/keys", "is not encrypted; write https://"),
        ("http://8.8.8.8/keys", "is not encrypted; write https://"),
        ("https://id.example", "names no document"),
        ("https://id.example/a#b", "names no document"),
        ("https://me@id.example/keys", "is no URL"),
        ("ftp://id.example/keys", "is no URL"),
        ("https://[x/keys", "is no URL"),
    ],
)
def test_keys_come_over_a_line_nobody_can_touch(url: str, problem: str) -> None:
    """Whoever answers the address decides who is let in, so it is https, or plain http nearby."""
    lines = f'gateway:\n  algorithms: [ES256]\n  jwks: {{url: "{url}"}}\n'
    assert any(problem in text for text in told(GOOD.replace(HEAD, lines)))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/k", "http://10.0.0.1/k", "http://[::1]:8/k", "http://idp:80/k"])
def test_keys_may_come_from_nearby(url: str) -> None:
    """A private address or a name without a dot is a neighbour's."""
    lines = f'gateway:\n  algorithms: [ES256]\n  jwks: {{url: "{url}"}}\n'
    assert told(GOOD.replace(HEAD, lines)) == []


def test_keys_are_not_dropped_before_they_are_fetched_again() -> None:
    """Last good keys serve at least until they are fetched again."""
    lines = "gateway:\n  algorithms: [ES256]\n  jwks: {url: https://a/k, refresh: 10m, keep: 1m}\n"
    assert any("keep is shorter than refresh" in text for text in told(GOOD.replace(HEAD, lines)))


def test_a_route_may_leave_its_keys_to_the_service() -> None:
    """api_key is an option of routes with access api-key, and introspect needs the policy to say how."""
    usual = "id: k, service: main, legacy: GET /k, gateway: GET /k, effect: read"
    route = f"  - {{{usual}, access: ACCESS, api_key: CHECK}}\n"

    def with_route(access: str, check: str, head: str = HEAD) -> str:
        entry = route.replace("ACCESS", access).replace("CHECK", check)
        return GOOD.replace(HEAD, head).replace("routes:\n", f"routes:\n{entry}", 1)

    how = HEAD + "  api_keys: {introspect: {service: main, target: GET /x}}\n"
    loaded: RouteTable = table(with_route("api-key", "pass", how))  # type: ignore[assignment]
    found = loaded.route("k")
    assert found is not None
    assert found.api_key is KeyCheck.PASS
    assert told(with_route("api-key", "introspect", how)) == []
    assert any("nothing says how" in text for text in told(with_route("api-key", "introspect")))
    assert any("access is jwt" in text for text in told(with_route("jwt", "pass")))
