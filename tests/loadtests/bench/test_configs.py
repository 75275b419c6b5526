from __future__ import annotations

import json
import re
from pathlib import Path

import migrate
from gateway.config import load_table
from loadtests.bench import configs

PRESET = (Path(migrate.__file__).parent / "presets" / "inferia.yaml").read_text()


def test_the_body_is_one_kilobyte_of_json() -> None:
    """The upstream answers 1 024 bytes of JSON that an nginx string can hold."""
    assert len(configs.BODY) == 1024
    assert json.loads(configs.BODY)["deployments"]
    assert "'" not in configs.BODY
    assert "$" not in configs.BODY


def test_every_proxy_keeps_connections_and_a_log(tmp_path: Path) -> None:
    """Keep-alive towards the service and an access log are on at each peer, as they are at the gateway."""
    nginx = configs.nginx_proxy(tmp_path, 1, 2, root=False)
    assert re.search(r"server 127.0.0.1:2; keepalive \d+", nginx)
    assert "access_log off" not in nginx
    assert "access_log" in nginx
    assert "user root" not in nginx
    haproxy = configs.haproxy(1, 2)
    assert "http-reuse always" in haproxy
    assert "option httplog" in haproxy
    assert "nbthread 1" in haproxy


def test_root_keeps_its_rights(tmp_path: Path) -> None:
    """A worker started by root can write below the private directory."""
    assert configs.nginx_upstream(tmp_path, 1, root=True).startswith("user root;")


def test_the_gateways_table_is_the_shipped_one(tmp_path: Path) -> None:
    """All routes of the preset are there, each service at the upstream, limits too high to be reached."""
    path = tmp_path / "cutover.yaml"
    path.write_text(configs.gateway(PRESET, ports=(1001, 1002), upstream=1003, streams=1004))
    table = load_table(path)
    shipped = tmp_path / "preset.yaml"
    shipped.write_text(PRESET)
    assert {route.id for route in table.routes} == {route.id for route in load_table(shipped).routes} | {
        configs.STREAM,
        configs.SOCKET,
    }
    assert table.services["orchestration"].internal == "http://127.0.0.1:1003"
    assert table.services["bench"].internal == "http://127.0.0.1:1004"
    assert table.policy.listen == "127.0.0.1:1001"
    assert all(limit.rate >= 1e9 for limit in table.limits.values())


def test_the_shadows_table_is_the_shipped_one(tmp_path: Path) -> None:
    """Each service stands at the upstream with a listener of its own, and nothing holds copies back."""
    path = tmp_path / "cutover.yaml"
    text, listener, internal = configs.shadow(PRESET, ports=range(2001, 2009), upstream="http://127.0.0.1:1003")
    path.write_text(text)
    table = load_table(path)
    listeners = [service.shadow_listen for service in table.services.values()]
    assert f"127.0.0.1:{listener}" == table.services["orchestration"].shadow_listen
    assert len(set(listeners)) == len(listeners)
    assert {service.legacy for service in table.services.values()} == {"http://127.0.0.1:1003"}
    assert table.policy.internal_listen == f"127.0.0.1:{internal}"
    assert table.mirroring.slow == table.mirroring.second == 0
