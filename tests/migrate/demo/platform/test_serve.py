"""What only real sockets show."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from migrate.demo.platform import Platform


def token(platform: Platform) -> str:
    """The member's access token; the admin may be enrolled by other tests."""
    body = {"username": platform.seed.member_email, "password": platform.seed.member_password}
    answer = httpx.post(platform.urls["filtration"] + "/auth/login", json=body, trust_env=False)
    return str(answer.json()["access_token"])


@pytest.mark.parametrize(
    ("service", "path"),
    [("filtration", "/auth/me"), ("orchestration", "/deployment/listModels/x"), ("filtration", "/internal/models")],
)
def test_after_an_unhandled_500_the_connection_is_closed_without_a_word(
    platform: Platform,
    service: str,
    path: str,
) -> None:
    """The answer has no `Connection: close`, and the socket is at its end."""
    address = urlsplit(platform.urls[service])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("connection")) == (500, None)
    answer.read()
    assert connection.sock is not None
    assert connection.sock.recv(1) == b""
    connection.close()


def test_a_trailing_slash_is_redirected_to_the_host_it_was_asked_at(platform: Platform) -> None:
    """The Location is absolute, made of Host and of X-Forwarded-Proto from this machine."""
    headers = {"Authorization": f"Bearer {token(platform)}", "Host": "gw.example", "X-Forwarded-Proto": "https"}
    answer = httpx.get(platform.urls["filtration"] + "/management/users/", headers=headers, trust_env=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "https://gw.example/management/users")


def test_head_is_refused_everywhere(platform: Platform) -> None:
    """HEAD is 405 also where GET is healthy."""
    for service in ("filtration", "orchestration", "data", "guardrail"):
        assert httpx.head(platform.urls[service] + "/health", trust_env=False).status_code == 405


def test_the_first_headers_are_date_and_server(platform: Platform) -> None:
    """Every Python service begins with uvicorn's own two headers."""
    answer = httpx.get(platform.urls["data"] + "/health", trust_env=False)
    assert list(answer.headers)[:4] == ["date", "server", "content-length", "content-type"]
    assert answer.headers["server"] == "uvicorn"


@pytest.mark.proof
def test_it_ends_when_its_parent_is_gone() -> None:
    """With --while-stdin-is-open the end of standard input is the end."""
    command = [sys.executable, "-m", "migrate.demo.platform", "--while-stdin-is-open"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["pid"] == child.pid
        child.stdin.close()
        assert child.wait(timeout=20) == 0


def test_ten_megabytes_arrive(platform: Platform) -> None:
    """A large upload passes the journal and the form whole."""
    answer = httpx.post(
        platform.urls["data"] + "/upload",
        data={"collection_name": "large"},
        files={"file": ("large.txt", b"x" * 10_000_000)},
        trust_env=False,
        timeout=20,
    )
    assert answer.json()["filename"] == "large.txt"
