from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_gateway, to_legacy
from gateway.core.routes import Access, Route
from gateway.idempotency.identity import Claimant, asked, bearer, in_service_terms, known_user, user
from gateway.idempotency.keys import Keys
from tests.apps.table import route

if TYPE_CHECKING:
    from gateway.idempotency.claim import Asked

KEYS = Keys(b"k" * 32)
ANA = user(KEYS, (("Authorization", "Bearer one"),), "ana", "org-1")
CREATE = route("create", "s", "POST /things", "POST /api/things")
STOP = route(
    "stop",
    "s",
    "POST /stop",
    "POST /api/things/{id}/stop",
    moves=[("body.thing_id", "path.id")],
    aliases=("POST /halt",),
)
LIST = route("list", "s", "POST /list", "POST /api/orgs/{org}/list", moves=[("query.org_id", "path.org")])


def identity(request: Request, *, of: Route = CREATE, key: str = "key", who: Claimant = ANA) -> Asked:
    """A whole request's."""
    return asked(KEYS, who, of, key, request, whole=True)


def at_gateway(of: Route, target: str, body: bytes) -> Request:
    """A request on the gateway path, in the service's terms."""
    assert of.gateway is not None
    found = of.gateway.path.match(target.partition("?")[0])
    assert found is not None
    return to_legacy(of, found, Request("POST", target, (("Content-Type", "application/json"),), body))


def test_a_user_is_the_same_with_a_refreshed_token() -> None:
    """The scope is the user's, and the holder tells the tokens apart."""
    again = user(KEYS, (("Authorization", "Bearer two"),), "ana", "org-1")
    assert again.scope == ANA.scope
    assert again.holder != ANA.holder
    assert again.verified


def test_keys_of_others_are_other_keys() -> None:
    """Another user, organisation, route or key is another slot."""
    request = Request("POST", "/things")
    slots = {
        identity(request).slot,
        identity(request, key="other").slot,
        identity(request, of=LIST).slot,
        identity(request, who=user(KEYS, (), "bob", "org-1")).slot,
        identity(request, who=user(KEYS, (), "ana", "org-2")).slot,
        identity(request, who=bearer(KEYS, (("Authorization", "Bearer one"),), "ana")).slot,
        identity(request, who=bearer(KEYS, (), "ana")).slot,
    }
    assert len(slots) == 7


def test_without_a_user_the_credential_counts_and_without_one_the_address() -> None:
    """Whoever sends the same bearer is the same, from wherever; strangers are told apart by address."""
    key = (("authorization", "Bearer sk-1"),)
    assert bearer(KEYS, key, "10.0.0.1") == bearer(KEYS, key, "10.0.0.2")
    assert bearer(KEYS, key, "10.0.0.1") != bearer(KEYS, (("authorization", "Bearer sk-2"),), "10.0.0.1")
    assert bearer(KEYS, (), "10.0.0.1") != bearer(KEYS, (), "10.0.0.2")


@pytest.mark.parametrize(
    "other",
    [
        Request("PUT", "/things?a=1", body=b"{}"),
        Request("POST", "/thing?a=1", body=b"{}"),
        Request("POST", "/things?a=2", body=b"{}"),
        Request("POST", "/things?a=1", body=b"{ }"),
    ],
)
def test_another_request_has_another_identity(other: Request) -> None:
    """By method, path, query or a single byte of the body."""
    assert identity(Request("POST", "/things?a=1", body=b"{}")) != identity(other)


def test_headers_are_no_part_of_it() -> None:
    """A retry may carry another request id, or a refreshed token."""
    assert identity(Request("POST", "/t", (("X-Request-ID", "1"),))) == identity(Request("POST", "/t"))


def test_a_body_that_streams_has_no_digest_yet() -> None:
    """Its head has."""
    request = Request("POST", "/things", body=b"{}")
    coming = asked(KEYS, ANA, CREATE, "key", request, whole=False)
    assert coming.body == ""
    assert (coming.slot, coming.head) == (identity(request).slot, identity(request).head)


@pytest.mark.parametrize("spelling", ["/stop", "/halt"])
@pytest.mark.parametrize(
    "body",
    [
        b'{"thing_id":"a/b c","force":true}',
        b'{ "force": true, "thing_id": "a/b c" }',
    ],
)
def test_a_moved_parameter_leaves_the_identity_the_same(spelling: str, body: bytes) -> None:
    """On the legacy path, by an alias, in any order of members, and on the gateway path it is one request."""
    legacy = in_service_terms(STOP, {}, Request("POST", spelling, (), body))
    gateway = at_gateway(STOP, "/api/things/a%2Fb%20c/stop", b'{"force": true}')
    assert identity(legacy, of=STOP) == identity(gateway, of=STOP)


def test_a_query_that_moves_leaves_the_identity_the_same() -> None:
    """What stays in the query keeps its order."""
    legacy = in_service_terms(LIST, {}, Request("POST", "/list?b=1&org_id=o&a=2"))
    assert identity(legacy, of=LIST) == identity(at_gateway(LIST, "/api/orgs/o/list?b=1&a=2", b""), of=LIST)


def test_what_the_gateway_could_not_say_stays_as_it_is() -> None:
    """A moved parameter is absent, the body is no object, or the route has no gateway path."""
    for request in (Request("POST", "/stop", body=b"{}"), Request("POST", "/stop", body=b"[")):
        assert in_service_terms(STOP, {}, request) == request
        assert identity(request, of=STOP).body
    internal = route("beat", "s", "POST /beat", None, access=Access.INTERNAL)
    assert in_service_terms(internal, {}, Request("POST", "/beat")) == Request("POST", "/beat")


@given(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=4),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
)
def test_whatever_a_client_sends_the_shadow_and_the_gateway_agree(members: dict[str, object], thing: str) -> None:
    """The shadow sends a legacy call to the gateway; the gateway's identity of it is the shadow's."""
    body = json.dumps({**members, "thing_id": thing}).encode()
    request = Request("POST", "/stop", (("Content-Type", "application/json"),), body)
    try:
        mapped = to_gateway(STOP, {}, request)
    except MappingError:
        return
    legacy = in_service_terms(STOP, {}, request)
    assert identity(legacy, of=STOP) == identity(at_gateway(STOP, mapped.target, mapped.body), of=STOP)


def test_users_are_known_on_routes_with_tokens() -> None:
    """Where API keys or nobody in particular call, the credential counts."""
    assert known_user(CREATE, "ana")
    assert not known_user(CREATE, "")
    assert not known_user(route("c", "s", "POST /c", "POST /c", access=Access.API_KEY), "fp:1")
