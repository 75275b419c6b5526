"""The model registry, which the dashboard never uses."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from migrate.demo.platform.rows import RegisteredModel
from migrate.demo.platform.values import new_id
from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/deployment")


class ModelRegistryRequest(BaseModel):
    """A model to register."""

    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    model_version: str
    backend: str
    artifact_uri: str
    config_json: dict[str, Any]


class DeleteModelRequest(BaseModel):
    """The body of a DELETE."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str


@router.post("/registerModel")
async def register(body: ModelRegistryRequest, world: Here) -> Response:
    """Adds a model to the registry."""
    row = RegisteredModel(
        new_id(),
        body.model_name,
        body.model_version,
        body.backend,
        body.artifact_uri,
        body.config_json,
    )
    return JSONResponse({"model_id": world.models.insert(row).id, "status": "REGISTERED"})


@router.get("/getModel/{model_name}/{model_version}")
async def read(model_name: str, model_version: str, world: Here) -> Response:
    """A registered model."""
    row = world.models.first(lambda row: (row.name, row.version) == (model_name, model_version))
    if row is None:
        raise refuse(404, "Model not found")
    return JSONResponse(
        {
            "model_id": row.id,
            "model_name": row.name,
            "model_version": row.version,
            "backend": row.backend,
            "artifact_uri": row.artifact_uri,
            "config_json": row.config,
        },
    )


@router.delete("/deleteModel")
async def delete(body: DeleteModelRequest, world: Here) -> Response:
    """Removes a model; the id stands in the body."""
    world.models.delete(body.model_id)
    return JSONResponse({"model_id": body.model_id, "status": "DELETED"})


@router.get("/listModels/{model_name}")
async def list_models(model_name: str) -> Response:
    """Always fails."""
    raise AttributeError(f"'ModelRegistryStub' object has no attribute 'ListModels' for {model_name}")
