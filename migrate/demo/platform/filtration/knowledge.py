"""The knowledge base: collections, their files, and the upload that the data service limits to 50 MB."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.documents import add_document, collections, files, refused_upload
from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.multipart import uploaded
from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/data")


@router.get("/collections")
async def list_collections(
    caller: Annotated[Caller, Depends(permitted("knowledge_base:list"))],
    world: Here,
) -> Response:
    """The names of the organisation's collections."""
    return JSONResponse(collections(world, caller.organisation or ""))


@router.post("/upload")
async def upload(
    request: Request,
    caller: Annotated[Caller, Depends(permitted("knowledge_base:add_data"))],
    world: Here,
) -> Response:
    """201 with the document's id; 413 above 50 MB, 400 for a file of another kind."""
    filename, content, collection, _ = await uploaded(request)
    organisation = caller.organisation or ""
    refusal = refused_upload(filename, content)
    if refusal:
        raise refuse(*refusal)
    document = add_document(world, organisation, collection, filename, content)
    world.record(
        "knowledge_base.add_document",
        user=caller.user,
        organisation=organisation,
        resource=("knowledge_base_document", document.id),
        details={"filename": document.filename, "collection": collection},
    )
    return JSONResponse({"status": "success", "filename": document.filename, "doc_id": document.id}, 201)


@router.get("/collections/{collection_name}/files")
async def list_files(
    collection_name: str,
    caller: Annotated[Caller, Depends(permitted("knowledge_base:view"))],
    world: Here,
) -> Response:
    """The files of a collection; an unknown one is empty."""
    return JSONResponse(files(world, caller.organisation or "", collection_name))
