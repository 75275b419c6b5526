from __future__ import annotations

import pytest

from gateway.core.exchange import header
from gateway.core.mapping import MappingError
from migrate.replay.translate import Translator
from tests.apps.played import entry, placed, preflight

URL = "http://gw.example:8800"


def test_a_request_is_said_to_the_gateway() -> None:
    """Method, path and query are the gateway's, the host is the gateway's, the rest stays."""
    one = placed(entry("GET", "/notes?tag=a&tag=b%2Bc", headers=(("X-A", "1"),)))
    request = Translator(one, URL).translate(0, one[0])
    assert (request.method, request.target) == ("GET", "/api/v1/notes?tag=a&tag=b%2Bc")
    assert request.headers == (("Host", "gw.example:8800"), ("X-A", "1"))


def test_a_preflight_goes_where_the_request_after_it_goes() -> None:
    """A path parameter that only the body knows is taken from the next request to the same legacy target."""
    one = placed(
        entry("POST", "/end", b'{"note_id":"first"}', number=0),
        preflight("/end", "POST", number=1),
        entry("POST", "/end", b'{"note_id":"second"}', number=2),
        preflight("/end", "POST", number=3),
    )
    translator = Translator(one, URL)
    assert translator.translate(1, one[1]).target == "/api/v1/notes/second/end"
    assert translator.translate(3, one[3]).target == "/api/v1/notes/first/end"
    assert header(translator.translate(1, one[1]).headers, "access-control-request-method") == "POST"
    assert translator.translate(1, one[1]).method == "OPTIONS"


def test_a_preflight_that_was_made_for_nothing_cannot_be_said() -> None:
    """Without the request it was made for, a preflight lacks its parameter."""
    one = placed(preflight("/end", "POST"))
    with pytest.raises(MappingError):
        Translator(one, URL).translate(0, one[0])


def test_a_request_without_its_parameter_cannot_be_said() -> None:
    """A body without the moved parameter has no gateway path, and teaches nothing to preflights."""
    one = placed(entry("POST", "/end", b"{}"), preflight("/end", "POST", number=1))
    translator = Translator(one, URL)
    for position in (0, 1):
        with pytest.raises(MappingError):
            translator.translate(position, one[position])
