"""Starting and stopping the platform as a child process."""

from __future__ import annotations

import socket

import httpx
import pytest

from gateway.core.errors import UnreachableError
from migrate.demo.platform import Seed, running
from migrate.demo.platform.launch import SERVICES


@pytest.mark.proof
def test_it_listens_where_told_and_is_gone_afterwards() -> None:
    """A given port is used, the rest are free ones, and after the block nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(ports={"data": port}, seed=Seed(foreign=False)) as platform:
        assert set(platform.urls) == set(SERVICES)
        assert platform.urls["data"] == f"http://127.0.0.1:{port}"
        assert httpx.get(platform.urls["data"] + "/health", trust_env=False).status_code == 200
    for url in (*platform.urls.values(), platform.control):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


@pytest.mark.proof
def test_a_taken_port_is_one_clear_line() -> None:
    """A port in use is an UnreachableError that names service and port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(UnreachableError, match=f"data cannot listen on 127.0.0.1:{port}"),
            running(ports={"data": port}),
        ):
            pass


@pytest.mark.proof
def test_no_secret_is_printed() -> None:
    """The platform's value shows addresses only."""
    with running(jwt_secret="j" * 40, internal_key="k" * 40) as platform:
        assert "jjjj" not in repr(platform)
        assert "kkkk" not in repr(platform)
