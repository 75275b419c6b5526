from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.policy import Cors, Policy
from tests.apps.route_tables import GOOD, changed, table

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

FULL = """\
gateway:
  listen: ${HOST}:8800
  internal_listen: 127.0.0.1:8801
  public_url: https://${NAME:-gw.example}
  build: "${BUILD:-17}"
  algorithms: HS512
  api_key_prefix: key-
  trusted_proxies: [10.0.0.0/8]
  max_body: 1MiB
  drain: 2s
  cors: {origins: [https://app.example], credentials: false, max_age: 1m, expose: [X-A]}
"""


def test_the_gateway_section_arrives() -> None:
    """Addresses and build are filled from the environment."""
    text = GOOD.replace("gateway:\n  listen: 127.0.0.1:8800\n", FULL)
    loaded: RouteTable = table(text, {"HOST": "10.1.1.1"})  # type: ignore[assignment]
    assert loaded.policy == Policy(
        listen="10.1.1.1:8800",
        internal_listen="127.0.0.1:8801",
        public_url="https://gw.example",
        algorithms=("HS512",),
        api_key_prefix="key-",
        trusted_proxies=("10.0.0.0/8",),
        cors=Cors(("https://app.example",), credentials=False, max_age=60, expose=("X-A",)),
        max_body=1024 * 1024,
        drain=2.0,
        build="17",
    )


def test_without_a_section_everything_is_as_usual() -> None:
    """Nothing has to be written."""
    loaded: RouteTable = table(GOOD.replace("gateway:\n  listen: 127.0.0.1:8800\n", ""))  # type: ignore[assignment]
    assert loaded.policy == Policy()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("listen: 8800", "4: gateway: listen '8800' is no address; write host:port, like 127.0.0.1:8800"),
        (
            "listen: ${NONE}:1",
            "4: gateway: listen needs the environment variable NONE; set it, or write ${NONE:-default}",
        ),
        ("internal_listen: 127.0.0.1:8800", "4: gateway: internal_listen is the public address 127.0.0.1:8800"),
        ("internal_listen: 0.0.0.0:8800", "4: gateway: internal_listen is the public address 127.0.0.1:8800"),
        ("internal_listen: localhost:8800", "4: gateway: internal_listen is the public address 127.0.0.1:8800"),
        (
            "public_url: http://gw/api",
            "4: gateway: public_url 'http://gw/api' carries more than an address; write http://gw",
        ),
        ("algorithms: [PS256]", "4: gateway: algorithms 'PS256' is not known; write RS256"),
        ("algorithms: []", "4: gateway: algorithms names none, so no token would hold; write [HS256], or remove it"),
        ("api_key_prefix: ''", "4: gateway: api_key_prefix '' does not tell API keys from tokens; write how every"),
        ("api_key_prefix: e", "4: gateway: api_key_prefix 'e' does not tell API keys from tokens"),
        ("api_key_prefix: eyJ", "4: gateway: api_key_prefix 'eyJ' does not tell API keys from tokens"),
        ("api_key_prefix: 'sk -'", "4: gateway: api_key_prefix 'sk -' does not tell API keys from tokens"),
        ("trusted_proxies: [10.0.0.0/8, '::/0']", "4: gateway: trusted_proxies '::/0' is every address there is"),
        ("cors: {max_age: 500ms}", "4: gateway: cors: max_age '500ms' is a fraction of a second"),
        ("max_body: 50", "4: gateway: max_body '50' is no size"),
        ("drain: 10", "4: gateway: drain '10' is no duration; write 10s"),
        ("trusted_proxies: [all]", "4: gateway: trusted_proxies 'all' is no address"),
        ("cors: {origins: ['*', 'http://a']}", "4: gateway: cors: origins has * beside others"),
        ("cors: {expose: ['a b']}", "4: gateway: cors: expose 'a b' is no header name"),
        ("jwt_secret: hunter2", "4: gateway: jwt_secret does not belong in this file: no secret is written here"),
        ("lisen: x", "4: gateway: key lisen is not known; write listen"),
    ],
)
def test_a_wrong_line_is_told(line: str, problem: str) -> None:
    """And the mend."""
    found = changed("listen: 127.0.0.1:8800", line)
    assert any(text.startswith(problem) for text in found), found
    assert "hunter2" not in "".join(found)
