"""Secrets in places where nobody would write them on purpose."""

from __future__ import annotations

import json
import time

import pytest

from gateway.core.exchange import Exchange, Failure, Request, Response
from shadow.redact import redact
from shadow.redaction.text import clean

KEY = b"k" * 32
SECRET = "Hunter2-Pass!word"
JSON = (("Content-Type", "application/json"),)

BODIES = {
    "a Python repr": json.dumps({"detail": f"input {{'password': '{SECRET}', 'n': 1}} is bad"}),
    "an escaped quote": json.dumps({"detail": f"input_value={{'password': 'a\\'{SECRET}'}}"}),
    "a name behind a name": json.dumps({"detail": f"error: password={SECRET}"}),
    "names behind names without end": json.dumps({"detail": "a1=" * 60 + f"token={SECRET}"}),
    "a URL's user": json.dumps({"url": f"https://user:{SECRET}@host/x", "dsn": f"redis://:{SECRET}@h:1/0"}),
    "an environment": json.dumps({"env": [{"name": "DB_PASS", "value": SECRET}, {"key": "token", "value": SECRET}]}),
    "odd spellings of password": json.dumps({"DB_PASS": SECRET, "pw": SECRET, "PWD2": SECRET, "rootpw": SECRET}),
    "command line switches": json.dumps({"args": ["--password", SECRET, f"--api-key={SECRET}", "-v"]}),
    "a PEM key": json.dumps({"x": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\nx\n-----END RSA PRIVATE KEY-----"}),
    "a cut PEM key": json.dumps({"x": f"-----BEGIN PRIVATE KEY-----\n{SECRET}"}),
    "an e-mail address beyond ASCII": json.dumps({"note": f"to jäne.{SECRET.replace('!', '')}@exämple.com"}),
}


@pytest.mark.parametrize("place", BODIES)
def test_secret_in_an_answer_is_not_stored(place: str) -> None:
    """Echoes of a secret in texts, lists and addresses do not survive."""
    answer = Response(200, JSON, BODIES[place].encode())
    stored = json.dumps(redact(Exchange("i", "s", Request("GET", "/x"), answer), KEY))
    assert SECRET not in stored
    assert SECRET.replace("!", "") not in stored


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", f"/x?next=https%3A%2F%2Fa%3Ftoken%3D{SECRET}"),
        Request("GET", "/x", (("Referer", f"https://user:{SECRET}@host/x"),)),
        Request("POST", "/x", (("Content-Type", "application/xml"),), f"<password>{SECRET}</password>".encode()),
    ],
    ids=["a URL in a query", "a Referer", "XML"],
)
def test_secret_in_a_request_is_not_stored(request_: Request) -> None:
    """Addresses within addresses and markup are looked through."""
    assert SECRET not in json.dumps(redact(Exchange("i", "s", request_, Response(200)), KEY))


def test_secret_in_the_words_of_a_failure_is_not_stored() -> None:
    """An address that could not be reached is told without its password."""
    failed = Exchange("i", "s", Request("GET", "/x"), Failure("connect", f"no way to http://u:{SECRET}@h/"))
    assert SECRET not in json.dumps(redact(failed, KEY))


def test_xml_answer_loses_its_secrets_only() -> None:
    """Elements are treated by their names."""
    answer = Response(200, (("Content-Type", "text/xml"),), f"<a><token x='1'>{SECRET}</token><b>1</b></a>".encode())
    stored = json.dumps(redact(Exchange("i", "s", Request("GET", "/x"), answer), KEY))
    assert SECRET not in stored
    assert "<b>1</b>" in stored


@pytest.mark.parametrize(
    "text",
    [
        "token ab=" * 900,
        "token='\\" * 900,
        "token ://a:" * 700,
        "token <a " * 900,
        "token " + "a.b@" * 2000,
        "-----BEGIN PRIVATE KEY-----" * 300,
    ],
)
def test_looking_through_a_hostile_text_is_quick(text: str) -> None:
    """No text of the longest length that is looked through takes long."""
    started = time.monotonic()
    clean(text, KEY)
    assert time.monotonic() - started < 1
