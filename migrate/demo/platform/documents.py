"""Documents as filtration and the data service both see them."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from migrate.demo.platform.rows import Document
from migrate.demo.platform.values import new_id

if TYPE_CHECKING:
    from migrate.demo.platform.world import World

MOST_BYTES = 50 * 1024 * 1024
KINDS = {".txt", ".md", ".pdf", ".docx", ".csv", ".json"}


def refused_upload(filename: str, content: bytes) -> tuple[int, str] | None:
    """Status and detail when a file is too large or of another kind; the kinds stand in set order."""
    if len(content) > MOST_BYTES:
        return 413, "File too large. Maximum size is 50MB"
    if PurePath(filename).suffix.lower() not in KINDS:
        return 400, f"Unsupported file type. Allowed types: {', '.join(KINDS)}"
    return None


def add_document(world: World, organisation: str, collection: str, filename: str, content: bytes) -> Document:
    """Store a file in a collection, which exists from its first file on."""
    text = content.decode("utf-8", "replace")
    return world.documents.insert(Document(new_id(), organisation, collection, filename, text))


def collections(world: World, organisation: str) -> list[str]:
    """The names of an organisation's collections, in order of their first file."""
    own = world.documents.where(lambda row: row.organisation == organisation)
    return list(dict.fromkeys(row.collection for row in own))


def files(world: World, organisation: str, collection: str) -> list[dict[str, Any]]:
    """The files of a collection, as the vector store's metadata shows them."""
    own = world.documents.where(lambda row: (row.organisation, row.collection) == (organisation, collection))
    return [{"filename": row.filename, "doc_id": "n/a", "uploaded_by": None, "doc_count": 1} for row in own]


def passages(world: World, organisation: str, collection: str, wanted: int) -> list[str]:
    """The texts of a collection's first documents."""
    own = world.documents.where(lambda row: (row.organisation, row.collection) == (organisation, collection))
    return [row.text for row in own[:wanted]]
