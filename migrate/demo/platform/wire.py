"""What every FastAPI service of the platform shares on the wire: its state, error bodies and page queries."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.cors import Cors, CorsPolicy
from migrate.demo.platform.world import World

_PYDANTIC_DOCS = "https://errors.pydantic.dev/2.14/v/"


def service_app(world: World, title: str, version: str, policy: CorsPolicy) -> FastAPI:
    """A FastAPI application with the platform's CORS and 422 bodies; its unhandled errors are plain text 500."""
    app = FastAPI(title=title, version=version, strict_content_type=False)
    app.state.world = world
    app.add_middleware(Cors, policy=policy)
    app.add_exception_handler(RequestValidationError, _unprocessable)
    return app


async def _unprocessable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return JSONResponse({"detail": [_described(item) for item in error.errors()]}, 422)


def _described(item: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {key: item[key] for key in ("type", "loc", "msg", "input") if key in item}
    if item.get("ctx"):
        shown["ctx"] = {
            key: value if isinstance(value, str | int | float) else str(value) for key, value in item["ctx"].items()
        }
    shown["input"] = _plain(shown.get("input"))
    # FastAPI itself says that a body is no JSON; all other errors are pydantic's and name its documentation.
    return shown if item["type"] == "json_invalid" else shown | {"url": _PYDANTIC_DOCS + item["type"]}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | None) else str(value)


async def _world(request: Request) -> World:
    world: World = request.app.state.world
    return world


Here = Annotated[World, Depends(_world)]
"""The platform's state, as a handler's argument."""

Skip = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=100)]


def page[T](items: Sequence[T], skip: int, limit: int) -> Sequence[T]:
    """One page of a list."""
    return items[skip : skip + limit]


def refuse(status: int, detail: str, headers: dict[str, str] | None = None) -> HTTPException:
    """The error of shape `{"detail": "text"}`; raise it."""
    return HTTPException(status, detail, headers)


def no_content() -> Response:
    """A 204 that names a content type all the same, as the platform's do."""
    return Response(status_code=204, headers={"content-type": "application/json"})
