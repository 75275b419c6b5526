"""Keys of cloud, vector, guardrail and DePIN providers; secrets leave masked and may come back masked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import admin
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.wire import Here

router = APIRouter(prefix="/config")

_OPEN = {"region", "url", "is_local", "tenant", "database"}
_SHORT = 8


class AWSConfig(BaseModel):
    """Amazon credentials."""

    access_key_id: str | None = None
    secret_access_key: str | None = None
    region: str = "ap-south-1"


class CloudConfig(BaseModel):
    """Clouds."""

    aws: AWSConfig = AWSConfig()


class ChromaConfig(BaseModel):
    """The vector store."""

    api_key: str | None = None
    tenant: str | None = None
    url: str | None = None
    is_local: bool = True
    database: str | None = None


class VectorDBConfig(BaseModel):
    """Vector stores."""

    chroma: ChromaConfig = ChromaConfig()


class KeyConfig(BaseModel):
    """A provider that needs one key."""

    api_key: str | None = None


class GuardrailsConfig(BaseModel):
    """Guardrail providers."""

    groq: KeyConfig = KeyConfig()
    lakera: KeyConfig = KeyConfig()


class NosanaConfig(BaseModel):
    """Nosana credentials."""

    wallet_private_key: str | None = None
    api_key: str | None = None


class AkashConfig(BaseModel):
    """Akash credentials."""

    mnemonic: str | None = None


class DePINConfig(BaseModel):
    """Decentralised compute."""

    nosana: NosanaConfig = NosanaConfig()
    akash: AkashConfig = AkashConfig()


class ProvidersConfig(BaseModel):
    """All providers."""

    cloud: CloudConfig = CloudConfig()
    vectordb: VectorDBConfig = VectorDBConfig()
    guardrails: GuardrailsConfig = GuardrailsConfig()
    depin: DePINConfig = DePINConfig()


class ProviderConfigResponse(BaseModel):
    """What is sent and saved."""

    providers: ProvidersConfig


def masked(value: Any, name: str = "") -> Any:
    """The configuration as answers show it: the first and last four characters of each secret."""
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    if not isinstance(value, str) or name in _OPEN:
        return value
    return f"{value[:4]}...{value[-4:]}" if len(value) > _SHORT else "..."


def merged(old: Any, new: Any) -> Any:
    """The new configuration, with the old secret wherever its mask came back."""
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        return {key: merged(before.get(key), item) for key, item in new.items()}
    return old if isinstance(new, str) and "..." in new else new


@router.get("/providers")
async def read(
    _caller: Annotated[Caller, Depends(admin("Only admins can view provider config"))],
    world: Here,
) -> Response:
    """Every provider, secrets masked."""
    return JSONResponse({"providers": masked(world.providers)})


@router.post("/providers")
async def save(
    body: ProviderConfigResponse,
    _caller: Annotated[Caller, Depends(admin("Only admins can update provider config"))],
    world: Here,
) -> Response:
    """Stores every provider; a mask leaves its secret as it was."""
    world.providers = merged(world.providers, body.model_dump()["providers"])
    return JSONResponse({"status": "ok", "message": "Configuration saved to database"})
