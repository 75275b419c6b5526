"""Content encodings undone, bounded against bombs (RFC 9110 §8.4)."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import brotli
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 16 * 1024 * 1024
"""Most bytes a body may decode to."""


class EncodingError(ValueError):
    """The body is not encoded as its header says, or decodes to more than the limit."""


def decode(body: bytes, codings: tuple[str, ...], limit: int = LIMIT) -> bytes:
    """The body with its codings undone, the last applied first.

    Raises:
        EncodingError: unknown coding, broken data, or more than `limit` bytes.
    """
    for coding in reversed(codings):
        decoder = _DECODERS.get(coding)
        if decoder is None:
            raise EncodingError(f"unknown content coding {coding!r:.40}")
        try:
            body = decoder(body, limit)
        except (zlib.error, brotli.error, zstandard.ZstdError, OSError) as error:
            raise EncodingError(f"the body is not {coding}: {error}") from error
    return body


def _identity(body: bytes, _limit: int) -> bytes:
    return body


def _zlib(window: int) -> Callable[[bytes, int], bytes]:
    def inflate(body: bytes, limit: int) -> bytes:
        decoder = zlib.decompressobj(window)
        out = decoder.decompress(body, limit + 1)
        return _checked(out, limit, complete=decoder.eof)

    return inflate


def _deflate(body: bytes, limit: int) -> bytes:
    # Some servers send raw deflate where RFC 9110 §8.4.1.2 means the zlib format; browsers take both.
    try:
        return _zlib(zlib.MAX_WBITS)(body, limit)
    except zlib.error:
        return _zlib(-zlib.MAX_WBITS)(body, limit)


def _brotli(body: bytes, limit: int) -> bytes:
    decoder = brotli.Decompressor()
    out = decoder.process(body, output_buffer_limit=limit + 1)
    return _checked(out, limit, complete=decoder.is_finished())


def _zstd(body: bytes, limit: int) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
        return _checked(reader.read(limit + 1), limit, complete=True)


def _checked(out: bytes, limit: int, *, complete: bool) -> bytes:
    if len(out) > limit:
        raise EncodingError(f"the body decodes to more than {limit} bytes")
    if not complete:
        raise EncodingError("the encoded body ends early")
    return out


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity,
    "gzip": _zlib(zlib.MAX_WBITS | 16),
    "x-gzip": _zlib(zlib.MAX_WBITS | 16),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
