"""The path-trick matrix: no spelling of a path reaches a service under another route's access rule.

Each trick is sent as raw bytes, over HTTP/1.1 and HTTP/2, by somebody whom only one rule lets in. What the service
saw is then given to three decoders, which choose among its routes as servers do, the forbidden ones first.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes

import pytest
import pytest_asyncio

from gateway.core.listening import Tls
from gateway.core.routes import Access
from tests.apps.certificates import trusting, written
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.h2client import h2_client
from tests.apps.table import route, table, token

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.h2client import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")

Decoder = Callable[[str], set[str]]

FORBIDDEN = {
    "/secret/{}": "GET /api/secret/{id}",
    "/pub/special": "GET /api/special",
    "/files/private/{}": "GET /api/private/{id}",
    "/files/keyed": "GET /api/keyed",
    "/internal/keys": None,
    "/files/internal/keys": None,
    "/mine/org/{}": "GET /api/org/{org}",
}
"""What neither a stranger nor, the last, a user of another organisation may reach, and the way there."""

ROUTES = (
    route("pub", "compute", "GET /pub/{id}", "GET /api/pub/{id}", access=Access.PUBLIC),
    route("files", "compute", "GET /files/{path*}", "GET /api/files/{path*}", access=Access.PUBLIC),
    route("of", "compute", "GET /of/{o}/x", "GET /api/of", access=Access.PUBLIC, moves=[("path.o", "query.o")]),
    route("mine", "compute", "GET /mine/{path*}", "GET /api/mine/{path*}"),
    route("secret", "compute", "GET /secret/{id}", "GET /api/secret/{id}"),
    route("special", "compute", "GET /pub/special", "GET /api/special"),
    route("private", "compute", "GET /files/private/{id}", "GET /api/private/{id}"),
    route("keyed", "compute", "GET /files/keyed", "GET /api/keyed", access=Access.API_KEY),
    route("internal", "compute", "GET /internal/keys", None, access=Access.INTERNAL),
    route("deep", "compute", "GET /files/internal/keys", None, access=Access.INTERNAL),
    route("org", "compute", "GET /mine/org/{org}", "GET /api/org/{org}", scope=["path.org"]),
)


def _matching(path: str, *, flags: int = 0, slash: str = "") -> set[str]:
    patterns = {known: re.escape(known).replace(r"\{\}", "[^/]+") + slash for known in FORBIDDEN}
    return {known for known, pattern in patterns.items() if re.fullmatch(pattern, path, flags)}


def starlette(target: str) -> set[str]:
    """Decoded once, as uvicorn does it, and matched as it is."""
    return _matching(unquote(target.partition("?")[0]))


def express(target: str) -> set[str]:
    """Matched undecoded, in any case, with or without a slash at its end; dot segments as `new URL` resolves them."""
    raw = target.partition("?")[0].partition("#")[0]
    both = (raw, _resolved(raw.replace("\\", "/")), _resolved(re.sub("(?i)%2e", ".", raw)))
    return set().union(*(_matching(path, flags=re.IGNORECASE, slash="/?") for path in both))


def servlet(target: str) -> set[str]:
    """Matrix parameters out, decoded once or twice, overlong forms too, dots resolved, blanks and dots cut off."""
    found = set()
    text = target.partition("?")[0]
    for _ in range(3):
        plain = re.sub(r";[^/]*", "", text)
        for path in (plain, plain.partition("\0")[0], re.sub(r"[. ]+(?=/|$)", "", plain), plain.replace("\\", "/")):
            found |= _matching(_resolved(path), flags=re.IGNORECASE, slash="/?")
        data = unquote_to_bytes(text).replace(b"\xc0\xaf", b"/").replace(b"\xc0\xae", b".")
        text = data.decode("utf-8", "replace").translate({0xFF0F: "/", 0xFF0E: "."})
    return found


def _resolved(path: str) -> str:
    out: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del out[-1:]
        elif segment not in {"", "."}:
            out.append(segment)
    return "/" + "/".join(out) + ("/" if path.endswith("/") and out else "")


DECODERS: tuple[Decoder, ...] = (starlette, express, servlet)

CLIMBS = (
    "..",
    "%2e%2e",
    "%2E%2e",
    ".%2e",
    "%252e%252e",
    "%25252e%25252e",
    "..;",
    "..;x=y",
    "%2e%2e;",
    "..%00",
    "..%20",
    ".. ",
    "..%09",
    "...",
    "%c0%ae%c0%ae",
    "%EF%BC%8E%EF%BC%8E",
    "..%5c",
    "%uff0e%uff0e",
    "..%",
)
SLASHES = (
    "/",
    "%2f",
    "%2F",
    "%252f",
    "%5c",
    "%255c",
    "\\",
    "%c0%af",
    "%EF%BC%8F",
    "//",
    "/./",
    "/%2e/",
    ";/",
    "%2f%2f",
)


def _letters(text: str, change: Callable[[str], str]) -> str:
    return re.sub(r"[a-z]", lambda found: change(found[0]), text, count=1)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper": str.upper,
    "title": str.title,
    "trailing slash": lambda path: path + "/",
    "trailing slashes": lambda path: path + "//",
    "encoded trailing slash": lambda path: path + "%2F",
    "trailing dot": lambda path: path + ".",
    "trailing blank": lambda path: path + "%20",
    "trailing tab": lambda path: path + "%09",
    "dot after each segment": lambda path: re.sub(r"(?<=[^/.])(?=/)", ".", path),
    "blank after each segment": lambda path: re.sub(r"(?<=[^/.])(?=/)", "%20", path),
    "matrix parameter": lambda path: path + ";x",
    "matrix parameters": lambda path: re.sub(r"(?<=[^/.])(?=/)", ";a=b", path) + ";jsessionid=1",
    "encoded semicolon": lambda path: path + "%3bx",
    "NUL": lambda path: path + "%00",
    "NUL and suffix": lambda path: path + "%00.png",
    "line end": lambda path: path + "%0d%0a",
    "one letter encoded": lambda path: _letters(path, lambda letter: f"%{ord(letter):02x}"),
    "one letter encoded twice": lambda path: _letters(path, lambda letter: f"%25{ord(letter):02x}"),
    "one letter fullwidth": lambda path: _letters(path, lambda letter: chr(ord(letter) + 0xFEE0)),
    "fullwidth, encoded": lambda path: _letters(
        path, lambda letter: "".join(f"%{byte:02X}" for byte in chr(ord(letter) + 0xFEE0).encode())
    ),
    "every letter encoded": lambda path: re.sub(r"[a-z]", lambda found: f"%{ord(found[0]):02X}", path),
    "leading dot segment": lambda path: "./" + path,
    "leading empty segment": lambda path: "/" + path,
    "leading encoded slash": lambda path: "%2f" + path,
    "encoded question mark": lambda path: path + "%3fx=1",
    "question mark": lambda path: path + "?x=/../y",
    "encoded hash": lambda path: path + "%23x",
    "hash": lambda path: path + "#x",
    "suffix": lambda path: path + ".json",
    **{f"slash as {slash}": lambda path, slash=slash: path.replace("/", slash) for slash in SLASHES},  # type: ignore[misc]
}


H1, H2 = "HTTP/1.1", "HTTP/2"


@dataclass(frozen=True, slots=True)
class Gate:
    """A gateway in front of a service that notes what it was asked."""

    port: int
    up: Upstream
    context: ssl.SSLContext | None = None

    def sender(self, *headers: tuple[str, str]) -> Sender | H2Sender:
        """Somebody who sends these headers with each request, by this gateway's protocol."""
        return H2Sender(self.port, self.context, *headers) if self.context else Sender(self.port, *headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[H1, H2])
async def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gate]:
    """One gateway for all, in clear or over TLS."""
    tls = written(tmp_path_factory.mktemp("tls")) if request.param == H2 else Tls()
    async with upstream() as up, running(table(up.address, *ROUTES, tls=tls)) as one:
        yield Gate(one.port, up, trusting(tls, "h2") if tls.certificate else None)


@pytest.fixture
def gate(served: Gate) -> Gate:
    """The same one, whose service has seen nothing yet."""
    served.up.seen.clear()
    return served


class Sender:
    """Sends raw targets one after the other; a connection that the gateway ends is opened again."""

    def __init__(self, port: int, *headers: tuple[str, str]) -> None:
        self._port, self._lines = port, [f"{name}: {value}" for name, value in headers]
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, target: str, *lines: str) -> int:
        """The status of the answer."""
        head = "\r\n".join([f"GET {target} HTTP/1.1", *(lines or ("Host: gw",)), *self._lines, "", ""])
        for attempt in range(2):
            if self._writer is None or self._reader is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(head.encode())
            try:
                async with asyncio.timeout(10):
                    return await self._answer(self._reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                self._leave()
                assert attempt == 0, target
        raise AssertionError

    async def _answer(self, reader: asyncio.StreamReader) -> int:
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", answer)
        if length is None or b"connection: close" in answer.lower():
            self._leave()
        else:
            await reader.readexactly(int(length[1]))
        return int(answer.split(b" ", 2)[1])

    async def close(self) -> None:
        """Hang up."""
        self._leave()

    def _leave(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class H2Sender:
    """The same over HTTP/2: a stream for each target; a stream or connection that is ended counts as refused."""

    def __init__(self, port: int, context: ssl.SSLContext, *headers: tuple[str, str]) -> None:
        self._port, self._context = port, context
        self._fields = [(name.lower(), value) for name, value in headers]
        self._open = contextlib.AsyncExitStack()
        self._client: Client | None = None

    async def ask(self, target: str, *hosts: tuple[str, str]) -> int:
        """The status of the answer; 400 for none."""
        if self._client is None or self._client.closed or self._client.goaway:
            await self._open.aclose()
            self._client = await self._open.enter_async_context(h2_client(self._port, self._context))
        head: Any = [(":method", "GET"), (":scheme", "https"), (":path", target), *(hosts or ((":authority", "gw"),))]
        answer = await self._client.answer(self._client.ask([*head, *self._fields]))
        assert answer.status or answer.reset is not None or self._client.goaway, target
        return answer.status or 400

    async def close(self) -> None:
        """Hang up."""
        await self._open.aclose()


def check(up: Upstream, sent: str) -> None:
    """No decoder finds a forbidden route in what the service saw."""
    for seen in up.seen:
        for decoder in DECODERS:
            assert decoder(seen.target) == set(), (sent, seen.target, decoder.__name__)
    up.seen.clear()


async def tried(gate: Gate, targets: list[str], *headers: tuple[str, str]) -> None:
    """Send all of them and look at what arrived."""
    sender = gate.sender(*headers)
    try:
        for target in targets:
            status = await sender.ask(target)
            assert status < 500, (target, status)
            check(gate.up, target)
    finally:
        await sender.close()


WITHIN = (
    ("/api/pub/", "special"),
    ("/api/files/", "private/1"),
    ("/api/files/", "keyed"),
    ("/api/files/", "internal/keys"),
)
OUTSIDE = ("secret/1", "files/internal/keys", "pub/special")
USER = ("Authorization", f"Bearer {token()}")


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_stranger_finds_no_way_into_a_route_beneath_an_open_one(gate: Gate, spelling: str) -> None:
    """A parameter of a public route is never read as the path of one that is not."""
    targets = [prefix + SPELLINGS[spelling](aim) for prefix, aim in WITHIN]
    targets += [f"/api/files/a/../{SPELLINGS[spelling](aim)}" for _, aim in WITHIN]
    await tried(gate, targets)


@pytest.mark.parametrize("climb", CLIMBS)
async def test_nobody_climbs_out_of_a_route(gate: Gate, climb: str) -> None:
    """Neither a stranger by a public route nor a user by his own."""
    aims = [
        f"{prefix}{climb}{slash}{aim}"
        for prefix, slash, aim in product(("/api/pub/", "/api/files/a/"), SLASHES, OUTSIDE)
    ]
    await tried(gate, aims)
    await tried(gate, [f"/api/mine/{climb}{slash}secret/1" for slash in SLASHES[:2]], USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_user_finds_no_way_into_another_organisation(gate: Gate, spelling: str) -> None:
    """A route without a scope does not lead to one with a scope."""
    change = SPELLINGS[spelling]
    await tried(gate, [f"/api/mine/{change('org/org-2')}", f"/api/mine/a/%2e%2e/{change('org/org-2')}"], USER)


@pytest.mark.parametrize(
    "value",
    [
        "..",
        "../secret",
        "..%2f..%2fsecret%2f1%3f",
        "x%2fx%3f",
        "..%252f",
        "a&o=..",
        "%2e%2e",
        "..;",
        "a%00",
        "%5c..",
        "",
    ],
)
async def test_a_moved_parameter_makes_no_path(gate: Gate, value: str) -> None:
    """A query parameter that stands in the service's path is one segment of it, whatever it holds."""
    await tried(gate, [f"/api/of?o={value}"])


@pytest.mark.parametrize(
    "target",
    [
        "http://gw/api/pub/1",
        "http://evil/api/pub/1",
        "HTTP://gw/api/pub/../secret/1",
        "//gw/api/pub/1",
        "///api/pub/1",
        "gw:80",
        "*",
        "api/pub/1",
        "",
        "\\api\\pub\\1",
        "/api\\pub\\1",
        "/API/pub/1",
        "/api/PUB/1",
        "/api/pub/1/",
        "/api/pub",
        "/api/pub/",
        "/api/pub//1",
        "/api//pub/1",
        "/api/./pub/1",
        "/api/secret/../pub/1",
        "/api/secret/%2e%2e/pub/1",
        "/api/secret/1%00/../../pub/1",
        "/.cutover/../api/secret/1",
        "/secret/1",
        "/internal/keys",
    ],
)
async def test_only_the_routes_own_target_reaches_a_service(gate: Gate, target: str) -> None:
    """Absolute form, authority form, other cases and detours are refused or redirected, and reach no service."""
    sender = gate.sender()
    try:
        status = await sender.ask(target)
    finally:
        await sender.close()
    assert status in {307, 400, 404, 405}, status
    assert gate.up.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        ("X: y",),
        ("Host: gw", "Host: gw"),
        ("Host: gw", "Host: evil"),
        ("Host:",),
        ("Host: gw, evil",),
        ("Host: gw/evil",),
        ("Host: a@b",),
        ("Host: gw evil",),
        ("Host : gw",),
        (" Host: gw",),
    ],
)
async def test_a_request_names_one_host(lines: tuple[str, ...]) -> None:
    """Missing, doubled and malformed Host are refused on every route."""
    async with upstream() as up, running(table(up.address, *ROUTES)) as one:
        sender = Sender(one.port)
        try:
            assert await sender.ask("/api/pub/1", *lines) == 400
        finally:
            await sender.close()
        assert up.seen == []


@pytest.mark.parametrize("served", [H2], indirect=True)
@pytest.mark.parametrize(
    "hosts",
    [
        (("x", "y"),),
        ((":authority", "gw"), (":authority", "gw")),
        ((":authority", "gw"), ("host", "evil")),
        ((":authority", "gw"), ("host", "gw"), ("host", "evil")),
        (("host", "gw"), ("host", "gw")),
        ((":authority", ""),),
        ((":authority", "gw, evil"),),
        ((":authority", "gw/evil"),),
        ((":authority", "a@b"),),
        ((":authority", "gw evil"),),
        (("host", "a@b"),),
    ],
)
async def test_a_stream_names_one_host(gate: Gate, hosts: tuple[tuple[str, str], ...]) -> None:
    """The same by :authority, by Host, and by both, which must agree."""
    sender = gate.sender()
    assert isinstance(sender, H2Sender)
    try:
        assert await sender.ask("/api/pub/1", *hosts) == 400
        assert gate.up.seen == []
        for one in (((":authority", "gw"),), (("host", "gw"),), ((":authority", "gw"), ("host", "gw"))):
            assert await sender.ask("/api/pub/1", *one) == 200
    finally:
        await sender.close()


async def test_honest_paths_pass(gate: Gate) -> None:
    """What the tricks imitate still works: names with blanks, dots, capitals, slashes and other letters."""
    names = ("1", "a%20b", "a.b", "A", "a%2Fb", "%C3%A4", "a+b", "a;b", "Specially", "1.", "a%25b", "~x", "a:b@c")
    targets = [f"/api/pub/{name}" for name in names] + [f"/api/files/{name}/x" for name in names]
    sender = gate.sender()
    try:
        for target in targets:
            assert await sender.ask(target) == 200, target
            assert gate.up.seen[-1].target == target.removeprefix("/api")
    finally:
        await sender.close()


async def test_the_decoders_find_what_they_look_for() -> None:
    """Each trick aims at a route that some decoder would choose, so that the matrix can fail."""
    assert starlette("/files/%70rivate/1") == {"/files/private/{}"}
    assert express("/FILES/Private/1/") == {"/files/private/{}"}
    assert servlet("/files/a/..;/private;x/1") == {"/files/private/{}"}
    assert servlet("/pub/%252e%252e/secret/1") == {"/secret/{}"}
    assert servlet("/files/private/1%00.png") == {"/files/private/{}"}
    for spelling, change in SPELLINGS.items():
        text = change("files/private/1")
        aims = set().union(*(decoder("/" + text) for decoder in DECODERS))
        if spelling not in {"suffix", "one letter fullwidth", "fullwidth, encoded", "line end", "trailing tab"}:
            assert aims or "%u" in text, spelling
