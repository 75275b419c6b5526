from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from loadtests.bench.configs import BODY
from loadtests.bench.cores import two_cores
from loadtests.bench.peers import GATEWAY, HAPROXY, NGINX, PLAIN, TARGET, USERS, peers, tokens

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof

MISSING = [name for name in ("nginx", "haproxy", "taskset") if not shutil.which(name)]


def test_there_is_a_token_for_each_user() -> None:
    """Sixteen users ask, so that nothing is measured that holds for one only."""
    assert len(set(tokens())) == USERS


@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
def test_every_peer_answers_alike(tmp_path: Path) -> None:
    """Each peer passes the upstream's kilobyte on, the gateway to users of the organisation only."""
    allowed = {"Authorization": f"Bearer {tokens()[0]}"}
    with peers(tmp_path, two_cores(), NGINX, HAPROXY, GATEWAY, PLAIN) as started:
        for peer in started.values():
            answer = httpx.get(peer.base + TARGET, headers=allowed)
            assert (peer.name, answer.status_code, answer.text) == (peer.name, 200, BODY)
        gateway = started[GATEWAY].base
        assert httpx.get(gateway + TARGET).status_code == 401
        assert httpx.get(gateway + TARGET.replace("bench-org", "other"), headers=allowed).status_code == 403
    assert '"route":"deployments.list"' in (tmp_path / "gateway.log").read_text()
    assert "/api/v1/deployments" in (tmp_path / "nginx-access.log").read_text()
