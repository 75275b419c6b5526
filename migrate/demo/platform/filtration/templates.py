"""Prompt templates; their ids are user text."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import Template
from migrate.demo.platform.values import now, stamp
from migrate.demo.platform.wire import Here, Limit, Skip, no_content, page, refuse

router = APIRouter(prefix="/templates")


class PromptTemplateCreate(BaseModel):
    """A new template."""

    template_id: str
    content: str
    description: str | None = None
    deployment_id: str | None = None


def _shown(row: Template) -> dict[str, Any]:
    return {
        "template_id": row.name,
        "content": row.content,
        "description": row.description,
        "updated_at": stamp(row.updated_at),
    }


@router.post("")
async def create(
    body: PromptTemplateCreate,
    caller: Annotated[Caller, Depends(permitted("prompt_template:create"))],
    world: Here,
) -> Response:
    """201 with the template; 400 when the id is taken."""
    organisation = caller.organisation or ""
    identity = f"{organisation}/{body.template_id}"
    if world.templates.get(identity):
        raise refuse(400, "Template ID already exists")
    row = Template(identity, organisation, body.template_id, body.content, body.description, now())
    world.templates.insert(row)
    world.record(
        "prompt_template.create",
        user=caller.user,
        organisation=organisation,
        resource=("prompt_template", row.name),
        details={"description": row.description},
    )
    return JSONResponse(_shown(row), 201)


@router.get("")
async def list_templates(
    caller: Annotated[Caller, Depends(permitted("prompt_template:list"))],
    world: Here,
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    """A page of templates in heap order."""
    found = world.templates.where(lambda row: row.organisation == caller.organisation)
    return JSONResponse(page([_shown(row) for row in found], skip, limit))


@router.delete("/{template_id}")
async def delete(
    template_id: str,
    caller: Annotated[Caller, Depends(permitted("prompt_template:delete"))],
    world: Here,
) -> Response:
    """204; an id with a slash in it never gets here, since the slash separates."""
    identity = f"{caller.organisation}/{template_id}"
    if world.templates.get(identity) is None:
        raise refuse(404, "Template not found")
    world.templates.delete(identity)
    return no_content()
