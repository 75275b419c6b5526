"""Content encodings undone."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shadow.normalise.encoding import EncodingError, decode

TEXT = b'{"a": 1}' * 20
RAW = zlib.compressobj(wbits=-15)
ENCODED = {
    "identity": TEXT,
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.ZstdCompressor().compress(TEXT),
}


@pytest.mark.parametrize("coding", ENCODED)
def test_each_coding_is_undone(coding: str) -> None:
    """What a coding packs, it unpacks."""
    assert decode(ENCODED[coding], (coding,)) == TEXT


def test_raw_deflate_is_taken_too() -> None:
    """Deflate without the zlib frame is read as browsers read it."""
    assert decode(RAW.compress(TEXT) + RAW.flush(), ("deflate",)) == TEXT


def test_codings_are_undone_in_reverse() -> None:
    """The coding applied last is undone first."""
    assert decode(brotli.compress(gzip.compress(TEXT)), ("gzip", "br")) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "rot13"])
def test_what_is_not_encoded_is_said_to_be_so(coding: str) -> None:
    """Plain bytes under a coding's name are no such encoding."""
    with pytest.raises(EncodingError):
        decode(b"plain text, no frame", (coding,))


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_cut_body_is_an_error(coding: str) -> None:
    """An encoded body that ends early is not taken for the whole."""
    with pytest.raises(EncodingError, match="ends early"):
        decode(ENCODED[coding][:-3], (coding,))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_stopped(coding: str) -> None:
    """No body decodes to more than the limit."""
    packed = {
        "gzip": gzip.compress(bytes(100_000)),
        "deflate": zlib.compress(bytes(100_000)),
        "br": brotli.compress(bytes(100_000)),
        "zstd": zstandard.ZstdCompressor().compress(bytes(100_000)),
    }
    with pytest.raises(EncodingError, match="more than 1000 bytes"):
        decode(packed[coding], (coding,), limit=1000)


@given(st.binary(max_size=200), st.sampled_from(sorted(ENCODED)))
def test_any_bytes_are_survived(data: bytes, coding: str) -> None:
    """Arbitrary bytes decode or raise the declared error."""
    try:
        decode(data, (coding,))
    except EncodingError:
        return
