"""The data service: documents, retrieval and prompt processing, without any authentication."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from migrate.demo.platform import documents
from migrate.demo.platform.cors import OPEN
from migrate.demo.platform.multipart import uploaded
from migrate.demo.platform.prompts import PromptProcessRequest
from migrate.demo.platform.rows import Document
from migrate.demo.platform.wire import Here, refuse, service_app
from migrate.demo.platform.world import World

router = APIRouter()


class RetrieveRequest(BaseModel):
    """A search in a collection."""

    collection_name: str
    query: str
    org_id: str | None = None
    n_results: int = 3


class IngestRequest(BaseModel):
    """Documents with their ids and metadata."""

    collection_name: str
    documents: list[str]
    metadatas: list[dict[str, Any]]
    ids: list[str]
    org_id: str | None = None


class TokenCheckRequest(BaseModel):
    """A text and its budget."""

    model_config = ConfigDict(protected_namespaces=())

    text: str
    budget: int
    model_name: str = "gpt-3.5-turbo"


class RewriteRequest(BaseModel):
    """A prompt to rewrite."""

    prompt: str
    goal: str = "clarity"


class AssembleContextRequest(BaseModel):
    """A question over a collection."""

    query: str
    collection_name: str
    org_id: str
    n_results: int = 3


@router.post("/upload")
async def upload(request: Request, world: Here) -> Response:
    """Stores a file; 413 above 50 MB."""
    filename, content, collection, organisation = await uploaded(request)
    refusal = documents.refused_upload(filename, content)
    if refusal:
        raise refuse(*refusal)
    row = documents.add_document(world, organisation or "default", collection, filename, content)
    return JSONResponse({"status": "success", "filename": row.filename, "doc_id": row.id})


@router.post("/retrieve")
async def retrieve(body: RetrieveRequest, world: Here) -> Response:
    """The first passages of a collection."""
    found = documents.passages(world, body.org_id or "default", body.collection_name, body.n_results)
    return JSONResponse({"documents": found})


@router.post("/ingest")
async def ingest(body: IngestRequest, world: Here) -> Response:
    """Stores texts under given ids."""
    organisation = body.org_id or "default"
    for identity, text in zip(body.ids, body.documents, strict=False):
        world.documents.insert(Document(identity, organisation, body.collection_name, identity, text))
    return JSONResponse({"status": "success", "count": len(body.ids)})


@router.post("/process")
async def process(body: PromptProcessRequest) -> Response:
    """The messages, untouched."""
    return JSONResponse(body.processed())


@router.post("/tokens/check")
async def check_tokens(body: TokenCheckRequest) -> Response:
    """Whether a text fits its budget, one token a word."""
    count = len(body.text.split())
    return JSONResponse({"tokens": count, "within_budget": count <= body.budget})


@router.post("/rewrite")
async def rewrite(body: RewriteRequest) -> Response:
    """The prompt, with the space around it gone."""
    return JSONResponse({"rewritten_prompt": body.prompt.strip()})


@router.get("/health")
async def health() -> Response:
    """Healthy while it answers."""
    return JSONResponse({"status": "healthy", "service": "data"})


@router.get("/collections")
async def list_collections(world: Here, org_id: str = "default") -> Response:
    """The names of an organisation's collections."""
    return JSONResponse(documents.collections(world, org_id))


@router.get("/collections/{collection_name}/files")
async def list_files(collection_name: str, world: Here, org_id: str = "default") -> Response:
    """The files of a collection."""
    return JSONResponse(documents.files(world, org_id, collection_name))


@router.post("/context/assemble")
async def assemble(body: AssembleContextRequest, world: Here) -> Response:
    """The passages as one text."""
    found = documents.passages(world, body.org_id, body.collection_name, body.n_results)
    return JSONResponse({"context": "\n\n".join(found)})


def data_app(world: World) -> FastAPI:
    """Data on :8003."""
    app = service_app(world, "InferiaLLM Data Service", "0.1.0", OPEN)
    app.include_router(router)
    return app
