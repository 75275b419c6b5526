from __future__ import annotations

from shadow.connections import Connections


class Wire:
    """A connection that may be open."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connected = connected


class Written:
    """What a writer was given."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.data += data


class Streams:
    """The way to a connection."""

    def __init__(self, writer: Written | None) -> None:
        self.writer = writer


class Holding:
    """What the proxy holds for one client."""

    def __init__(self, *ends: Wire, writer: Written | None = None) -> None:
        self.transports = {end: Streams(writer) for end in ends}
        self.closed: list[Wire] = []

    def close_connection(self, connection: Wire, /) -> None:
        """Note it."""
        self.closed.append(connection)


def test_a_connection_is_trusted_just_after_it_answered() -> None:
    """One that answered now is kept; one never used, or used without trust, is dropped; all are before a write."""
    client, fresh, unknown, bad = Wire(), Wire(), Wire(), Wire()
    holding = Holding(client, fresh, unknown, bad)
    connections = Connections(lambda _: holding)  # type: ignore[arg-type, return-value]
    connections.used(fresh)
    connections.used(bad, trusted=False)
    assert [connections.answered_before(end) for end in (fresh, unknown, bad)] == [True, False, True]
    connections.distrust(client, all_of_them=False)
    assert holding.closed == [unknown, bad]
    connections.distrust(client, all_of_them=True)
    assert holding.closed == [unknown, bad, fresh, unknown, bad]


def test_only_what_is_open_and_known_is_closed() -> None:
    """A connection that is closed, or belongs to nobody, is left alone; so is a client that is gone."""
    client, closed = Wire(), Wire(connected=False)
    holding = Holding(client, closed)
    connections = Connections(lambda _: holding)  # type: ignore[arg-type, return-value]
    connections.drop(client, closed)
    connections.drop(client, Wire())
    gone = Connections(lambda _: None)
    gone.distrust(client, all_of_them=True)
    gone.drop(client, closed)
    assert gone.writer(client) is None
    assert holding.closed == []


def test_a_client_is_written_to_as_it_speaks() -> None:
    """In clear, or through its TLS connection once there is one; not at all when its way is gone."""

    class Sealing:
        def sendall(self, buf: bytes, /) -> object:
            self.held = buf[::-1]
            return None

        def bio_read(self, bufsiz: int, /) -> bytes:
            return self.held[:bufsiz]

    client, written = Wire(), Written()
    connections = Connections(lambda _: Holding(client, writer=written))  # type: ignore[arg-type, return-value]
    write = connections.writer(client)
    assert write is not None
    write(b"abc")
    assert not connections.is_tls(client)
    connections.established(client, Sealing())
    assert connections.is_tls(client)
    sealed = connections.writer(client)
    assert sealed is not None
    sealed(b"abc")
    assert written.data == b"abccba"
    assert Connections(lambda _: Holding(client)).writer(client) is None  # type: ignore[arg-type, return-value]
