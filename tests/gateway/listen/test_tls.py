"""TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from gateway.core.errors import ConfigError
from gateway.core.listening import Tls
from gateway.listen.tls import Certificate
from tests.apps.certificates import common_name, trusting, written
from tests.apps.listening import echo, listening
from tests.apps.wire import eventually

ASK = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connected(port: int, context: ssl.SSLContext) -> Streams:
    """A TLS connection."""
    return await asyncio.open_connection("127.0.0.1", port, ssl=context)


def shown(streams: Streams) -> str:
    """The common name that the listener showed on a connection."""
    return common_name(streams[1].get_extra_info("ssl_object"))


async def ask(streams: Streams) -> bytes:
    """One request on an open connection; the answer's head."""
    reader, writer = streams
    writer.write(ASK)
    head = await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"/a"
    return head


async def test_answers_over_tls_carry_hsts(tmp_path: Path) -> None:
    """A client over TLS is answered with Strict-Transport-Security, and the scheme is https; off means no header."""
    schemes: list[str] = []

    async def app(scope: dict[str, str], receive: object, send: object) -> None:
        schemes.append(scope["scheme"])
        await echo(scope, receive, send)

    tls = written(tmp_path)
    for hsts, line in ((3600, b"strict-transport-security: max-age=3600\r\n"), (0, b"")):
        certificate = Certificate(Tls(tls.certificate, tls.key, hsts))
        async with listening(app, certificate=certificate) as on:  # type: ignore[arg-type]
            streams = await connected(on.port, trusting(tls, "http/1.1"))
            head = await ask(streams)
            assert (line in head, b"strict-transport" in head) == (True, bool(line))
            assert streams[1].get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            streams[1].close()
    assert schemes == ["https", "https"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_old_versions_are_refused(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """TLS before 1.2 gets no connection, 1.2 does."""
    tls = written(tmp_path)
    async with listening(echo, certificate=Certificate(tls)) as on:
        for most, fits in ((version, False), (ssl.TLSVersion.TLSv1_2, True)):
            context = trusting(tls)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = most
            if fits:
                streams = await connected(on.port, context)
                assert streams[1].get_extra_info("ssl_object").version() == "TLSv1.2"
                streams[1].close()
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await connected(on.port, context)


async def test_plain_text_gets_no_answer(tmp_path: Path) -> None:
    """HTTP in clear on the TLS port is hung up on."""
    async with listening(echo, certificate=Certificate(written(tmp_path))) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(ASK)
        async with asyncio.timeout(5):
            assert b"HTTP" not in await reader.read()
        writer.close()


async def test_new_certificate_is_shown_and_open_connections_stay(tmp_path: Path) -> None:
    """After a reload new connections see the new certificate, and an open one goes on undisturbed."""
    tls = written(tmp_path, "old")
    certificate = Certificate(tls)
    async with listening(echo, certificate=certificate) as on:
        before = await connected(on.port, trusting(tls))
        await ask(before)
        written(tmp_path, "new")
        certificate.reload()
        after = await connected(on.port, trusting(tls))
        assert (shown(before), shown(after)) == ("old", "new")
        await ask(before)
        await ask(after)
        for _, writer in (before, after):
            writer.close()


async def test_bad_pair_is_refused_and_the_old_one_shown_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is another's is told in one clear line, and the former certificate keeps serving."""
    tls = written(tmp_path, "old")
    trust = trusting(tls)
    certificate = Certificate(tls)
    async with listening(echo, certificate=certificate) as on:
        other = tmp_path / "other"
        other.mkdir()
        written(other)
        (tmp_path / "tls.key").write_bytes((tmp_path / "other" / "tls.key").read_bytes())
        certificate.renew()
        why, outcome = capsys.readouterr().err.splitlines()
        assert why.startswith(
            f"tls: {tls.certificate} and {tls.key} cannot be used: the key is not the certificate's; "
        )
        assert outcome == "gateway: certificate refused; the former one is shown on"
        streams = await connected(on.port, trust)
        assert shown(streams) == "old"
        await ask(streams)
        streams[1].close()


async def test_changed_files_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """New files are loaded without a signal, once they rest."""
    monkeypatch.setattr("gateway.listen.tls.LOOKS", 0.02)
    tls = written(tmp_path, "old")
    certificate = Certificate(tls)
    following = asyncio.create_task(certificate.follow())
    written(tmp_path, "new")
    told: list[str] = []

    def loaded() -> bool:
        told.append(capsys.readouterr().out)
        return "certificate loaded" in "".join(told)

    await eventually(loaded)
    following.cancel()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tls, _: Path(tls.certificate).unlink(), "cannot be read: No such file"),
        (lambda tls, _: Path(tls.key).write_text("nonsense"), "write a PEM certificate chain and its key"),
        (lambda _, directory: written(directory, passphrase=b"locked"), "passphrase"),
    ],
)
def test_unusable_files_are_one_clear_line(tmp_path: Path, spoil: object, said: str) -> None:
    """A pair that cannot be loaded is a configuration error that names the file."""
    tls = written(tmp_path)
    spoil(tls, tmp_path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=said) as refused:
        Certificate(tls)
    assert "\n" not in str(refused.value)


async def test_handshake_under_way_at_a_stop_is_completed(tmp_path: Path) -> None:
    """Drain: who was accepted and had no time for its handshake yet is answered."""
    tls = written(tmp_path)
    async with listening(echo, certificate=Certificate(tls)) as on:
        early = socket.create_connection(("127.0.0.1", on.port))
        early.setblocking(False)  # noqa: FBT003 - the standard library takes it so
        stopping = asyncio.create_task(on.listener.stop(5))
        await asyncio.sleep(0.1)
        assert not stopping.done()
        streams = await asyncio.open_connection(sock=early, ssl=trusting(tls), server_hostname="127.0.0.1")
        assert b"connection: close" in await ask(streams)
        streams[1].close()
        assert await stopping == 0


async def test_handshakes_under_way_are_counted(tmp_path: Path) -> None:
    """Who never completes a handshake takes a place; beyond the bound and 64 to be told of it none is begun."""
    tls = written(tmp_path)
    async with listening(echo, certificate=Certificate(tls), connections=2) as on:
        idle = [await asyncio.open_connection("127.0.0.1", on.port) for _ in range(66)]
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            assert await reader.read() == b""
            writer.close()
            with pytest.raises((ConnectionError, ssl.SSLError)):
                await connected(on.port, trusting(tls))
        assert on.refused == [(503, "full")] * 2
        idle.pop()[1].close()
        streams = await until_connected(on.port, trusting(tls))
        await ask(streams)
        for _, writer in (*idle, streams):
            writer.close()


async def until_connected(port: int, context: ssl.SSLContext) -> Streams:
    """A TLS connection as soon as there is room for it."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await connected(port, context)
            except (ConnectionError, ssl.SSLError):
                await asyncio.sleep(0)


async def test_who_is_a_little_too_many_is_told(tmp_path: Path) -> None:
    """Over TLS as in clear: the handshake is completed, and the answer is 503."""
    tls = written(tmp_path)
    async with listening(echo, certificate=Certificate(tls), connections=1) as on:
        first = await connected(on.port, trusting(tls))
        await ask(first)
        reader, writer = await connected(on.port, trusting(tls))
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 503 ")
        assert on.refused == [(503, "full")]
        for stream in (first[1], writer):
            stream.close()
