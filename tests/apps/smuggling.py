"""Requests with two readings, as bytes: what each party might take for something else."""

from __future__ import annotations

from dataclasses import dataclass

HIDDEN = b"GET /api/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
TAIL = b"GET /api/tail HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
SERVED, ONCE = "served", "once"
"""Answered like any request, and so is what follows; answered, and nothing that follows is read."""


@dataclass(frozen=True)
class Case:
    """Bytes, and what becomes of them: refused with one of the statuses, or SERVED, or ONCE."""

    name: str
    data: bytes
    verdict: str | tuple[int, ...] = (400,)


def post(*lines: bytes, body: bytes = b"") -> bytes:
    """A POST with these header lines."""
    return b"\r\n".join([b"POST /api/things HTTP/1.1", b"Host: a", *lines, b"", b""]) + body


def get(target: bytes = b"/api/things", *lines: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    """A GET with these header lines behind Host."""
    return b"\r\n".join([b"%b %b %b" % (method, target, version), b"Host: a", *lines, b"", b""])


CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
TE = b"Transfer-Encoding: chunked"


def _codings() -> list[Case]:
    both = [
        Case("CL then TE", post(b"Content-Length: 5", TE, body=b"0\r\n\r\n" + HIDDEN)),
        Case("TE then CL", post(TE, b"Content-Length: 5", body=b"0\r\n\r\n" + HIDDEN)),
        Case("CL of zero then TE", post(b"Content-Length: 0", TE, body=b"0\r\n\r\n" + HIDDEN)),
        Case("TE and CL around Host", post(TE, b"X: y", b"Content-Length: 60", body=b"0\r\n\r\n" + HIDDEN)),
    ]
    refused = [
        b"identity",
        b"chunked, identity",
        b"identity, chunked",
        b"chunked, chunked",
        b"gzip, chunked",
        b"chunked, gzip",
        b"xchunked",
        b"chunkedx",
        b"chunk",
        b'"chunked"',
        b"chunked;q=1",
        b"chunked\x0b",
        b"\x0bchunked",
        b"chunked\x00",
        b"chu nked",
        b"cow",
        b"",
        b",chunked",
        b"chunked,",
    ]
    variants = [
        Case(f"TE {value!r}", post(b"Transfer-Encoding: " + value, body=CHUNKS + HIDDEN)) for value in refused
    ]
    served = [b"chunked", b"Chunked", b"CHUNKED", b"\tchunked", b"   chunked", b"chunked "]
    good = [Case(f"TE {value!r}", post(b"Transfer-Encoding:" + value, body=CHUNKS), SERVED) for value in served]
    shapes = [
        Case("TE twice", post(TE, TE, body=CHUNKS + HIDDEN)),
        Case("TE chunked then identity", post(TE, b"Transfer-Encoding: identity", body=CHUNKS + HIDDEN)),
        Case("TE identity then chunked", post(b"Transfer-Encoding: identity", TE, body=CHUNKS + HIDDEN)),
        Case("TE folded", post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS + HIDDEN)),
        Case("TE folded with a tab", post(b"Transfer-Encoding:\r\n\tchunked", body=CHUNKS + HIDDEN)),
        Case("TE behind a blank", post(b"Transfer-Encoding : chunked", body=CHUNKS + HIDDEN)),
        Case("TE behind a tab", post(b"Transfer-Encoding\t: chunked", body=CHUNKS + HIDDEN)),
        Case("TE behind a leading blank", post(b" Transfer-Encoding: chunked", body=CHUNKS + HIDDEN)),
        Case("TE behind a lone line feed", post(b"X: y\nTransfer-Encoding: chunked", body=CHUNKS + HIDDEN)),
        Case("TE behind a lone carriage return", post(b"X: y\rTransfer-Encoding: chunked", body=CHUNKS + HIDDEN)),
        Case("TE with a high byte", post(b"Transfer-Encoding\xa0: chunked", body=CHUNKS + HIDDEN)),
        Case("TE with an underscore is none", post(b"Transfer_Encoding: chunked"), SERVED),
        Case("TE on GET", get(b"/api/things", TE) + CHUNKS, SERVED),
        Case("TE and CL on GET", get(b"/api/things", TE, b"Content-Length: 3") + CHUNKS + HIDDEN),
        Case("TE in HTTP/1.0", get(b"/api/things", TE, version=b"HTTP/1.0") + CHUNKS + HIDDEN),
        Case(
            "TE in HTTP/1.0 that is kept",
            get(b"/api/things", b"Connection: keep-alive", TE, version=b"HTTP/1.0") + CHUNKS + HIDDEN,
        ),
    ]
    return both + variants + good + shapes


def _lengths() -> list[Case]:
    refused = [
        b"+5",
        b"-5",
        b"0x5",
        b"5.0",
        b"5e0",
        b"5, 5",
        b"5,5",
        b"5 5",
        b"5;",
        b"\xef\xbc\x95",
        b"",
        b"five",
        b"5\x00",
        b"99999999999999999999999999",
        b"18446744073709551621",
        b"5_0",
        b"0b1",
        b"'5'",
    ]
    cases = [Case(f"CL {value!r}", post(b"Content-Length: " + value, body=b"hello" + HIDDEN)) for value in refused]
    served = [b" 5", b"5 ", b"\t5", b"05", b"0000005"]
    cases += [Case(f"CL {value!r}", post(b"Content-Length:" + value, body=b"hello"), SERVED) for value in served]
    inside = post(b"Content-Length: %d" % len(HIDDEN), body=HIDDEN)
    return [
        *cases,
        Case("CL twice", post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello" + HIDDEN)),
        Case("CL twice, differing", post(b"Content-Length: 5", b"Content-Length: 0", body=b"hello" + HIDDEN)),
        Case("CL differing, other case", post(b"content-length: 0", b"CONTENT-LENGTH: 44", body=HIDDEN)),
        Case("CL behind a blank", post(b"Content-Length : 44", body=HIDDEN)),
        Case("CL folded", post(b"Content-Length:\r\n 44", body=HIDDEN)),
        Case("CL behind a lone line feed", post(b"X: y\nContent-Length: 44", body=HIDDEN)),
        Case("CL behind a zero", post(b"X: y\x00", b"Content-Length: 44", body=HIDDEN)),
        Case("a request in a body", inside, SERVED),
        Case("a request in a body of GET", inside.replace(b"POST", b"GET", 1), SERVED),
        Case("a request in a body of DELETE", inside.replace(b"POST", b"DELETE", 1), (405,)),
        Case("no CL on POST", post(), SERVED),
    ]


def _chunks() -> list[Case]:
    end = b"\r\n0\r\n\r\n"
    refused = {
        "plus": b"+5\r\nhello" + end,
        "minus": b"-5\r\nhello" + end,
        "hex prefix": b"0x5\r\nhello" + end,
        "leading blank": b" 5\r\nhello" + end,
        "overflow": b"10000000000000005\r\nhello" + end,
        "overflow to zero": b"10000000000000000\r\n\r\n",
        "long size": b"f" * 40 + b"\r\nhello" + end,
        "letters": b"five\r\nhello" + end,
        "empty size": b"\r\nhello" + end,
        "lone line feed behind size": b"5\nhello" + end,
        "lone carriage return behind size": b"5\rhello" + end,
        "lone line feed behind data": b"5\r\nhello\n0\r\n\r\n",
        "no line end behind data": b"5\r\nhello0\r\n\r\n",
        "longer than it says": b"5\r\nhello!" + end,
        "lone line feed at the end": b"5\r\nhello\r\n0\n\n",
        "line end in a quoted extension": b'5;a="b\r\nc"\r\nhello' + end,
        "zero in an extension": b"5;a=\x00\r\nhello" + end,
        "lone line feed in an extension": b"5;a=b\nhello" + end,
        "lone carriage return in an extension": b"5;a=b\rc\r\nhello" + end,
        "folded trailer": b"0\r\nX: y\r\n z\r\n\r\n",
        "trailer with a lone line feed": b"0\r\nX: y\nZ: z\r\n\r\n",
        "trailer that frames": b"0\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n",
        "trailer behind a blank": b"0\r\nX : y\r\n\r\n",
    }
    served = {
        "extension": b"5;a=b\r\nhello" + end,
        "quoted extension": b'5;a="b;c"\r\nhello' + end,
        "extension without a value": b"5;a\r\nhello" + end,
        "zeros": b"0005\r\nhello" + end,
        "upper case": b"A\r\nhellohello" + end,
        "trailer": b"0\r\nX: y\r\n\r\n",
        "a request as a chunk": b"%x\r\n%b" % (len(HIDDEN), HIDDEN) + end,
    }
    return [
        *(Case(f"chunk: {name}", post(TE, body=body + HIDDEN)) for name, body in refused.items()),
        *(Case(f"chunk: {name}", post(TE, body=body), SERVED) for name, body in served.items()),
    ]


def _heads() -> list[Case]:
    lines = {
        "folded": b"X: y\r\n z",
        "folded with a tab": b"X: y\r\n\tz",
        "lone line feed": b"X: y\nZ: z",
        "lone carriage return": b"X: y\rZ: z",
        "two carriage returns": b"X: y\r\r\nZ: z",
        "zero in a value": b"X: \x00",
        "zero in a name": b"X\x00: y",
        "blank before the colon": b"X : y",
        "leading blank": b" X: y",
        "no colon": b"X",
        "no name": b": y",
        "comma in a name": b"X,Y: y",
        "parenthesis in a name": b"X(: y",
        "blank in a name": b"X Y: y",
        "high byte in a name": b"X\xff: y",
        "delete in a value": b"X: \x7f",
        "escape in a value": b"X: \x1b",
    }
    hosts = {
        "two hosts": b"Host: a\r\nHost: b",
        "the same host twice": b"Host: a\r\nHost: a",
        "two hosts by a comma": b"Host: a, b",
        "no host": b"X: y",
        "empty host": b"Host:",
        "host with a blank": b"Host: a b",
        "host with a path": b"Host: a/b",
        "host with a user": b"Host: u@a",
        "host with a query": b"Host: a?b",
        "host behind a blank": b"Host : a",
        "folded host": b"Host:\r\n a",
        "host behind a fold": b"X: y\r\n Host: a",
    }
    old = {"no host in HTTP/1.0": b"GET /api/things HTTP/1.0\r\n\r\n" + HIDDEN}
    return [
        *(Case(f"head: {name}", get(b"/api/things", line) + HIDDEN) for name, line in lines.items()),
        *(
            Case(f"head: {name}", b"GET /api/things HTTP/1.1\r\n%b\r\n\r\n" % line + HIDDEN)
            for name, line in hosts.items()
        ),
        *(Case(f"head: {name}", data) for name, data in old.items()),
        Case("head: high byte in a value", get(b"/api/things", b"X: \xff"), SERVED),
        Case("head: too long", get(b"/api/things", b"X: " + b"y" * 70_000) + HIDDEN, (431,)),
        Case("head: too many lines", get(b"/api/things", *[b"X: y"] * 200) + HIDDEN, (431,)),
        Case("head: far too long", get(b"/api/things", b"X: " + b"y" * 2_000_000) + HIDDEN, (431,)),
        Case("head: long name", get(b"/api/things", b"x" * 70_000 + b": y") + HIDDEN, (431,)),
        Case("head: long target", get(b"/api/things?" + b"y" * 2_000_000) + HIDDEN, (400, 414, 431)),
    ]


def _lines() -> list[Case]:
    refused = {
        "tab": b"GET\t/api/things HTTP/1.1",
        "blank at the end": b"GET /api/things HTTP/1.1 ",
        "leading blank": b" GET /api/things HTTP/1.1",
        "leading tab": b"\tGET /api/things HTTP/1.1",
        "HTTP/0.9": b"GET /api/things",
        "HTTP/0.9 by name": b"GET /api/things HTTP/0.9",
        "HTTP/1.2": b"GET /api/things HTTP/1.2",
        "HTTP/2.0": b"GET /api/things HTTP/2.0",
        "HTTP/1.10": b"GET /api/things HTTP/1.10",
        "HTTP/01.1": b"GET /api/things HTTP/01.1",
        "http in small letters": b"GET /api/things http/1.1",
        "HTTP without a number": b"GET /api/things HTTP/",
        "no protocol word": b"GET /api/things 1.1",
        "method in small letters": b"get /api/things HTTP/1.1",
        "method in mixed letters": b"GeT /api/things HTTP/1.1",
        "method with a colon": b"GE:T /api/things HTTP/1.1",
        "method with a zero": b"GE\x00T /api/things HTTP/1.1",
        "unknown method": b"SMUGGLE /api/things HTTP/1.1",
        "long method": b"G" * 5000 + b" /api/things HTTP/1.1",
        "no method": b"/api/things HTTP/1.1",
        "absolute-form": b"GET http://a/api/things HTTP/1.1",
        "absolute-form of another host": b"GET http://other/api/smuggled HTTP/1.1",
        "absolute-form of another port": b"GET http://127.0.0.1:22/ HTTP/1.1",
        "absolute-form of another scheme": b"GET file:///etc/passwd HTTP/1.1",
        "authority-form": b"GET a:80 HTTP/1.1",
        "asterisk-form": b"GET * HTTP/1.1",
        "asterisk-form of OPTIONS": b"OPTIONS * HTTP/1.1",
        "CONNECT": b"CONNECT a:443 HTTP/1.1",
        "CONNECT of a path": b"CONNECT /api/things HTTP/1.1",
        "empty target": b"GET  HTTP/1.1",
        "no slash": b"GET api/things HTTP/1.1",
        "two slashes": b"GET //a/api/things HTTP/1.1",
        "backslash": b"GET \\api\\things HTTP/1.1",
        "fragment": b"GET /api/things#/api/smuggled HTTP/1.1",
        "zero in the target": b"GET /api/things\x00 HTTP/1.1",
        "carriage return in the target": b"GET /api/things\rX HTTP/1.1",
        "line feed in the target": b"GET /api/things\nX: y HTTP/1.1",
        "high byte in the target": b"GET /api/things\xff HTTP/1.1",
        "another request in the target": b"GET /api/things%20HTTP/1.1%0d%0a%0d%0aGET%20/api/smuggled HTTP/1.1",
        "a header in the target": b"GET /api/things?%0d%0aX:y HTTP/1.1",
        "lone line feed": b"GET /api/things HTTP/1.1\nX: y",
        "lone carriage return": b"GET /api/things HTTP/1.1\rX: y",
        "preface of HTTP/2": b"PRI * HTTP/2.0",
    }
    loose = {"a header in the target": SERVED}
    found = [
        Case(
            f"line: {name}",
            b"%b\r\nHost: a\r\n\r\n" % line + (HIDDEN if name not in loose else b""),
            loose.get(name, (400, 405)),
        )
        for name, line in refused.items()
    ]
    return [
        *found,
        Case("line: HTTP/2 in clear", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + HIDDEN),
        Case("line: TLS in clear", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 300),
        Case("line: TRACE", get(method=b"TRACE"), (405,)),
        Case("line: empty lines first", b"\r\n\r\n" + get(), SERVED),
        Case("line: lone line feeds first", b"\n\n" + get(), SERVED),
        Case("line: two blanks", get().replace(b"GET ", b"GET  "), SERVED),
        Case("line: another protocol", get(version=b"RTSP/1.0") + HIDDEN, ONCE),
        Case("line: HTTP/1.0", get(b"/api/things", version=b"HTTP/1.0") + HIDDEN, ONCE),
        Case(
            "line: HTTP/1.0 that is kept",
            get(b"/api/things", b"Connection: keep-alive", version=b"HTTP/1.0") + HIDDEN,
            ONCE,
        ),
    ]


def _protocols() -> list[Case]:
    h2c = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
    socket = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: short",
    )
    return [
        Case("upgrade: h2c", get(b"/api/things", *h2c) + HIDDEN, ONCE),
        Case("upgrade: h2c with a body", post(*h2c, b"Content-Length: 44", body=HIDDEN)),
        Case("upgrade: h2c with chunks", post(*h2c, TE, body=CHUNKS + HIDDEN)),
        Case("upgrade: websocket with a bad key", get(b"/api/things", *socket) + HIDDEN),
        Case("upgrade: websocket by POST", post(*socket) + HIDDEN, ONCE),
        Case("upgrade: websocket that expects a body", get(b"/api/things", *socket, b"Content-Length: 44") + HIDDEN),
        Case("upgrade: not nominated", get(b"/api/things", b"Upgrade: h2c"), SERVED),
        Case("upgrade: TLS", get(b"/api/things", b"Connection: Upgrade", b"Upgrade: TLS/1.0") + HIDDEN, ONCE),
        Case("expect: continue", post(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello"), SERVED),
        Case(
            "expect: continue in capitals", post(b"Expect: 100-CONTINUE", b"Content-Length: 5", body=b"hello"), SERVED
        ),
        Case("expect: continue without a body", get(b"/api/things", b"Expect: 100-continue"), SERVED),
        Case("expect: something else", post(b"Expect: 200-ok", b"Content-Length: 5", body=b"hello"), SERVED),
        Case(
            "expect: twice", post(b"Expect: x", b"Expect: 100-continue", b"Content-Length: 5", body=b"hello"), SERVED
        ),
        Case("expect: with a blank", post(b"Expect : 100-continue", b"Content-Length: 5", body=b"hello" + HIDDEN)),
        Case(
            "connection: nominates framing",
            post(b"Connection: Content-Length", b"Content-Length: 5", body=b"hello"),
            SERVED,
        ),
        Case("connection: nominates coding", post(b"Connection: Transfer-Encoding", TE, body=CHUNKS), SERVED),
        Case("connection: nominates host", get(b"/api/things", b"Connection: Host"), SERVED),
        Case("connection: close and more", get(b"/api/things", b"Connection: close") + HIDDEN, ONCE),
    ]


CASES = [*_codings(), *_lengths(), *_chunks(), *_heads(), *_lines(), *_protocols()]


def answers(data: bytes) -> list[int]:
    """The statuses in a stream of answers, informational ones left out; fails when it does not parse to its end."""
    found = []
    while data:
        head, mark, data = data.partition(b"\r\n\r\n")
        assert mark, head[:100]
        status = int(head.split(b" ", 2)[1])
        lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if status < 200:
            continue
        assert b"transfer-encoding" not in lines
        length = int(lines[b"content-length"])
        assert len(data) >= length
        data = data[length:]
        found.append(status)
    return found
