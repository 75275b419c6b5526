"""CORS."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Request, header
from gateway.core.policy import Cors
from gateway.cors import allows, preflight, with_cors
from gateway.problem import BadRequest

LISTED = Cors(origins=("http://a", "http://b"))


def page(origin: str | None, *more: tuple[str, str]) -> Request:
    """A request from a page."""
    return Request("GET", "/", ((("Origin", origin),) if origin else ()) + more)


def test_requests_without_origin_get_nothing() -> None:
    """No Origin, no CORS headers."""
    assert with_cors(Cors(), page(None), (("a", "b"),)) == (("a", "b"),)


def test_wildcard_stays_a_wildcard() -> None:
    """Any origin is told `*`, never its own name."""
    headers = with_cors(Cors(), page("http://evil"), ())
    assert header(headers, "access-control-allow-origin") == "*"
    assert header(headers, "access-control-expose-headers") == ", ".join(Cors().expose)
    assert header(headers, "vary") is None


def test_listed_origin_is_echoed_and_varied() -> None:
    """A listed origin is echoed, and the answer says that it depends on Origin, once."""
    headers = with_cors(LISTED, page("http://b"), (("Vary", "Accept, Origin"),))
    assert header(headers, "access-control-allow-origin") == "http://b"
    assert header(headers, "access-control-allow-credentials") == "true"
    assert [value for name, value in headers if name.lower() == "vary"] == ["Accept, Origin"]


def test_other_origins_get_no_permission() -> None:
    """An origin that is not listed is told nothing but Vary."""
    assert with_cors(LISTED, page("http://c"), ()) == (("vary", "Origin"),)
    assert not allows(LISTED, "null")


def test_credentials_and_exposure_are_the_policys() -> None:
    """A policy without credentials and exposed headers adds neither."""
    headers = with_cors(Cors(credentials=False, expose=()), page("http://a"), ())
    assert headers == (("access-control-allow-origin", "*"),)


def test_preflight_names_methods_and_echoes_headers() -> None:
    """A preflight is 200 with the path's methods, the asked headers and how long it holds."""
    answer = preflight(LISTED, page("http://a", ("Access-Control-Request-Headers", "authorization")), ["GET", "PUT"])
    assert (answer.status, answer.body) == (200, b"OK")
    assert header(answer.headers, "access-control-allow-methods") == "GET, PUT"
    assert header(answer.headers, "access-control-allow-headers") == "authorization"
    assert header(answer.headers, "access-control-max-age") == "600"
    assert header(preflight(LISTED, page("http://a"), []).headers, "access-control-allow-headers") is None


def test_preflight_from_elsewhere_is_refused() -> None:
    """A preflight from an origin that is not listed is 400."""
    with pytest.raises(BadRequest):
        preflight(LISTED, page("http://c"), ["GET"])
