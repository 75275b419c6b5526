"""The knowledge base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.documents import MOST_BYTES

if TYPE_CHECKING:
    import httpx

    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def send(call: Call, name: str, content: bytes, who: str = "member") -> httpx.Response:
    """Upload one file into the collection `c d`."""
    form = {"files": {"file": (name, content)}, "data": {"collection_name": "c d"}}
    return await call("filtration", "POST", "/management/data/upload", who=who, **form)


async def test_an_upload_makes_its_collection(call: Call, seed: Seed) -> None:
    """201; the collection and its file are listed; a foreigner sees neither."""
    made = await send(call, "up.txt", b"text")
    assert (made.status_code, made.json()["filename"]) == (201, "up.txt")
    listed = await call("filtration", "GET", "/management/data/collections", who="member")
    assert listed.json() == [seed.collection, "c d"]
    files = await call("filtration", "GET", "/management/data/collections/c%20d/files", who="member")
    assert files.json() == [{"filename": "up.txt", "doc_id": "n/a", "uploaded_by": None, "doc_count": 1}]
    assert (await call("filtration", "GET", "/management/data/collections", who="foreign")).json() == []


async def test_uploads_have_limits(call: Call) -> None:
    """More than 50 MB is 413, another kind of file 400, no file 422."""
    assert (await send(call, "big.txt", b"x" * (MOST_BYTES + 1))).status_code == 413
    assert (await send(call, "run.exe", b"x")).status_code == 400
    assert (await call("filtration", "POST", "/management/data/upload", who="member")).status_code == 422
