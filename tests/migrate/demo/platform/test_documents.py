"""Documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.documents import (
    MOST_BYTES,
    add_document,
    collections,
    files,
    passages,
    refused_upload,
)

if TYPE_CHECKING:
    from migrate.demo.platform.world import World


def test_uploads_are_limited_in_size_and_kind() -> None:
    """Fifty megabytes pass, a byte more is 413, an executable is 400 with the allowed types."""
    assert refused_upload("a.TXT", b"x") is None
    assert refused_upload("a.txt", b"x" * (MOST_BYTES + 1)) == (413, "File too large. Maximum size is 50MB")
    refusal = refused_upload("a.exe", b"")
    assert refusal is not None
    assert (refusal[0], "Allowed types: " in refusal[1]) == (400, True)


def test_a_collection_begins_with_its_first_file(world: World) -> None:
    """Organisations see their own collections, in order of their first file."""
    add_document(world, "o", "b", "1.txt", b"one")
    add_document(world, "o", "a", "2.txt", b"two")
    add_document(world, "o", "b", "3.txt", "drei é".encode())
    assert collections(world, "o") == ["b", "a"]
    assert [row["filename"] for row in files(world, "o", "b")] == ["1.txt", "3.txt"]
    assert passages(world, "o", "b", 5) == ["one", "drei é"]
    assert collections(world, "nobody") == []
