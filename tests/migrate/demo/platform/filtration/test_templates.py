"""Prompt templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call

PATH = "/management/templates"


async def test_a_template_is_made_listed_and_deleted(call: Call, seed: Seed) -> None:
    """Text passes unescaped, ids with spaces are found, the delete is 204."""
    body = {"template_id": "my té", "content": "Hallo é"}
    made = await call("filtration", "POST", PATH, who="admin", json=body)
    assert made.status_code == 201
    assert "Hallo é".encode() in made.content
    listed = (await call("filtration", "GET", PATH, who="member")).json()
    assert [row["template_id"] for row in listed] == [seed.template, "my té"]
    assert (await call("filtration", "POST", PATH, who="admin", json=body)).status_code == 400
    assert (await call("filtration", "DELETE", f"{PATH}/my%20t%C3%A9", who="admin")).status_code == 204
    assert (await call("filtration", "DELETE", f"{PATH}/my%20t%C3%A9", who="admin")).status_code == 404


async def test_an_id_with_a_slash_cannot_be_deleted(call: Call) -> None:
    """The slash separates path segments, escaped or not, so no route matches."""
    await call("filtration", "POST", PATH, who="admin", json={"template_id": "a/b", "content": "x"})
    for spelling in ("a/b", "a%2Fb"):
        answer = await call("filtration", "DELETE", f"{PATH}/{spelling}", who="admin")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_templates_belong_to_an_organisation(call: Call, seed: Seed) -> None:
    """A foreign template is neither seen nor deleted."""
    assert (await call("filtration", "GET", PATH, who="foreign")).json() == []
    assert (await call("filtration", "DELETE", f"{PATH}/{seed.template}", who="foreign")).status_code == 404
