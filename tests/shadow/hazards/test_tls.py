from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.core.errors import ConfigError
from gateway.core.routes import Stage
from shadow.process import run
from tests.apps import candidate
from tests.apps.certificates import trusting, written
from tests.apps.oddities import Oddities, value
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed, write_table

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from gateway.core.listening import Tls

pytestmark = pytest.mark.proof

ORIGIN = {"Origin": "https://dash.example"}


def mirroring(tls: Tls) -> str:
    """The shadow's section with a certificate."""
    return f"second: 0, slow: off, load: 300%, tls: {{certificate: {tls.certificate}, key: {tls.key}}}"


async def test_a_listener_speaks_tls(tmp_path: Path) -> None:
    """Over TLS everything is as in clear: Host, headers, CORS, uploads; a redirect of the service says https."""
    tls = written(tmp_path)
    async with (
        Oddities() as legacy,
        shadowed(tmp_path, legacy.address, mirroring=mirroring(tls)) as rig,
        httpx.AsyncClient(verify=trusting(tls), base_url=rig.url, headers=ORIGIN) as client,
    ):
        assert rig.url.startswith("https://127.0.0.1:")
        read = await client.get("/items/1", headers={"Host": "platform.example:8000"})
        assert (read.status_code, read.content) == (200, b'{"target":"/items/1"}')
        assert read.headers["access-control-allow-origin"] == "*"
        assert "strict-transport-security" not in read.headers
        assert value(legacy.heads[-1], "host") == "platform.example:8000"
        assert value(legacy.heads[-1], "x-forwarded-proto") == "https"
        assert (await client.post("/items", content=b"z" * 3_000_000)).status_code == 201
        assert legacy.bodies[-1] == b"z" * 3_000_000
        assert (await client.get("/fault")).status_code == 500
        assert (await client.get("/items/2")).status_code == 200
        assert await rig.settled(4)


async def test_what_the_shadow_says_itself_is_encrypted_too(tmp_path: Path) -> None:
    """Its 503 for a dead service, with CORS, and an answer asked for once more, reach a client over TLS."""
    tls = written(tmp_path)
    async with (
        Oddities() as legacy,
        shadowed(tmp_path, legacy.address, mirroring=mirroring(tls)) as rig,
        httpx.AsyncClient(verify=trusting(tls), base_url=rig.url, headers=ORIGIN) as client,
    ):
        assert (await client.get("/items/1")).status_code == 200

        async def dying(head: object, body: bytes, writer: asyncio.StreamWriter) -> None:
            legacy.override = None
            await candidate.resetting(head, body, writer)  # type: ignore[arg-type]

        legacy.override = dying
        assert (await client.get("/items/2")).content == b'{"target":"/items/2"}'
        await legacy.stop()
        # The answer asked for once more was the last on its connection.
        async with httpx.AsyncClient(verify=trusting(tls), base_url=rig.url, headers=ORIGIN) as another:
            gone = await another.get("/items/3", headers={"Cookie": "a=1"})
        assert gone.status_code == 503
        assert gone.headers["access-control-allow-origin"] == "https://dash.example"
        assert (await rig.settled(3))["items.get", "unmirrored", "retried"] == 1


async def test_redirects_of_the_gateway_say_https(tmp_path: Path) -> None:
    """A client over TLS is sent to https on the host it called, though the gateway speaks plain HTTP."""
    tls = written(tmp_path)
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port, mirroring=mirroring(tls)) as rig,
        httpx.AsyncClient(verify=trusting(tls), base_url=rig.url) as client,
    ):
        public.rename = ("/api/v1", "")
        rig.promote("redirect", Stage.GATEWAY)

        async def redirecting(_head: object, _body: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(
                b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://gateway.example/api/v1/items/7\r\n"
                b"content-length: 0\r\n\r\n"
            )

        public.override = redirecting
        answer = await client.get("/redirect", headers={"Host": "platform.example:8000"})
        assert answer.headers["location"] == "https://platform.example:8000/items/7"


async def test_in_clear_nothing_is_served_there(tmp_path: Path) -> None:
    """A listener with a certificate refuses plain HTTP in words, asks no service, and offers HTTP/1.1 alone."""
    tls = written(tmp_path)
    async with (
        Oddities() as legacy,
        shadowed(tmp_path, legacy.address, mirroring=mirroring(tls)) as rig,
        RawClient(rig.url.replace("https", "http")) as client,
    ):
        answer = await client.ask("GET", "/items/1")
        assert answer.status == 400
        assert b"speaks TLS" in answer.body
        assert not legacy.deliveries
        assert await rig.settled(1) == {("", "off", "plain"): 1}
        port = int(rig.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            trusting(tls, "h2", "http/1.1").wrap_socket(raw, server_hostname="127.0.0.1") as shown,
        ):
            assert shown.selected_alpn_protocol() == "http/1.1"
            assert shown.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_wrong_certificate_is_one_clear_line(tmp_path: Path) -> None:
    """Files that do not fit stop the shadow before it listens."""
    tls = written(tmp_path)
    (tmp_path / "tls.key").write_text("nonsense")
    config = write_table(tmp_path, "127.0.0.1:9", mirroring=mirroring(tls))
    with pytest.raises(ConfigError, match=r"^shadow: tls: .*tls.pem and .*tls.key cannot be used"):
        run(config, tmp_path / "c.db")
