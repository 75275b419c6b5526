"""Configuration files of the peers: the same upstream, keep-alive on both sides, access log on, one core."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BODY = json.dumps({"deployments": [{"deployment_id": f"dep-{n:04}", "state": "RUNNING"} for n in range(18)]})
BODY = BODY[:-1] + ', "padding": "' + "x" * (1024 - len(BODY) - 15) + '"}'
"""One kilobyte of JSON, as the upstream answers it."""
STREAM = "bench.stream"
SOCKET = "bench.socket"
_UNLIMITED = {"rate": 1_000_000_000, "per": "1m", "burst": 1_000_000_000}

_NGINX = """\
{user}daemon off;
worker_processes 1;
pid {directory}/{name}.pid;
error_log {directory}/{name}-error.log;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {directory}/{name}-body;
  proxy_temp_path {directory}/{name}-proxy;
  fastcgi_temp_path {directory}/{name}-fastcgi;
  uwsgi_temp_path {directory}/{name}-uwsgi;
  scgi_temp_path {directory}/{name}-scgi;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  {inner}
}}
"""
_UPSTREAM = """\
access_log off;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 '{body}'; }}
  }}"""
_SAYING = """\
access_log off;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 '{word}'; }}
  }}"""
# The gateway writes its log in blocks as well.
_PROXY = """\
access_log {directory}/nginx-access.log combined buffer=64k flush=1s;
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-ID $request_id;
      proxy_buffering {buffering};
    }}
  }}"""
_HAPROXY = """\
global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 3s
  timeout client 300s
  timeout server 300s
frontend in
  bind 127.0.0.1:{port}
  unique-id-format %[uuid()]
  http-request set-header X-Request-ID %[unique-id]
  default_backend service
backend service
  server one 127.0.0.1:{upstream}
"""


def nginx_upstream(directory: Path, port: int, *, root: bool) -> str:
    """The service, an nginx: one kilobyte of JSON for every path."""
    return _nginx(directory, "upstream", _UPSTREAM.format(port=port, body=BODY), root=root)


def nginx_proxy(directory: Path, port: int, upstream: int, *, root: bool, name: str = "nginx") -> str:
    """An nginx in the gateway's place."""
    inner = _PROXY.format(directory=directory, port=port, upstream=upstream, buffering="on")
    return _nginx(directory, name, inner, root=root)


def nginx_saying(directory: Path, port: int, word: str, *, root: bool) -> str:
    """An nginx that answers every request with a word."""
    return _nginx(directory, "reloaded", _SAYING.format(port=port, word=word), root=root)


def haproxy(port: int, upstream: int) -> str:
    """HAProxy in the gateway's place."""
    return _HAPROXY.format(port=port, upstream=upstream)


def gateway(preset: str, *, ports: tuple[int, int], upstream: int, streams: int) -> str:
    """The shipped table with every service at `upstream` and limits that are counted but never reached.

    Two routes of the benchmark's own lead to a service on port `streams`: a stream of events and a socket.
    """
    document: dict[str, Any] = yaml.safe_load(preset)
    document["gateway"].update(listen=f"127.0.0.1:{ports[0]}", internal_listen=f"127.0.0.1:{ports[1]}")
    document["gateway"]["public_url"] = f"http://127.0.0.1:{ports[0]}"
    for service in document["services"].values():
        service["internal"] = f"http://127.0.0.1:{upstream}"
    document["services"]["bench"] = {
        "legacy": f"http://127.0.0.1:{streams}",
        "authorization": "strip",
        "shadow_listen": "127.0.0.1:0",
    }
    document["limits"] = dict.fromkeys(document["limits"], _UNLIMITED)
    own = {"service": "bench", "effect": "read", "access": "jwt"}
    document["routes"] += [
        {**own, "id": STREAM, "legacy": "GET /stream", "gateway": "GET /api/v1/bench/stream", "kind": "sse"},
        {**own, "id": SOCKET, "legacy": "GET /socket", "gateway": "GET /api/v1/bench/socket", "kind": "websocket"},
    ]
    return yaml.safe_dump(document, sort_keys=False)


def shadow(preset: str, *, ports: Sequence[int], upstream: str) -> tuple[str, int, int]:
    """The shipped table with every service at `upstream`: the text, orchestration's listener, the gateway's port.

    Copies are held back by nothing, so that there are as many as can be. `ports` are eight free ones.
    """
    document: dict[str, Any] = yaml.safe_load(preset)
    public, internal, *listeners = ports
    document["gateway"].update(listen=f"127.0.0.1:{public}", internal_listen=f"127.0.0.1:{internal}")
    for service, listener in zip(document["services"].values(), listeners, strict=False):
        service.update(legacy=upstream, internal=upstream)
        if "shadow_listen" in service:
            service["shadow_listen"] = f"127.0.0.1:{listener}"
    document["shadow"] = {"second": 0, "slow": "off", "load": "300%"}
    listener = int(document["services"]["orchestration"]["shadow_listen"].rpartition(":")[2])
    return yaml.safe_dump(document, sort_keys=False), listener, internal


def _nginx(directory: Path, name: str, inner: str, *, root: bool) -> str:
    # A worker of root gives its rights up, and could then not write below a private directory.
    return _NGINX.format(user="user root;\n" if root else "", directory=directory, name=name, inner=inner)
