"""What the providers offer."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.wire import refuse

router = APIRouter(prefix="/deployment/provider")


def _offer(provider: str, gpu: str, memory: int, price: float) -> dict[str, Any]:
    return {
        "provider": provider,
        "provider_resource_id": f"{provider}-{gpu.lower()}",
        "gpu_type": gpu,
        "gpu_count": 1,
        "gpu_memory_gb": memory,
        "vcpu": 8,
        "ram_gb": 32,
        "region": "global",
        "pricing_model": "fixed",
        "price_per_hour": price,
        "metadata": {"market": "stub"},
    }


RESOURCES: dict[str, list[dict[str, Any]]] = {
    "nosana": [
        _offer("nosana", "RTX3060", 12, 0.03),
        _offer("nosana", "A100", 80, 0.9),
        _offer("nosana", "H100", 80, 1.8),
    ],
    "akash": [_offer("akash", "RTX4090", 24, 0.4)],
    "aws": [_offer("aws", "T4", 16, 0.5)],
}


@router.get("/resources")
async def resources(provider: str | None = None) -> Response:
    """One provider's offers, or everybody's."""
    if provider is None:
        return JSONResponse({"resources": [offer for offers in RESOURCES.values() for offer in offers]})
    if provider not in RESOURCES:
        raise refuse(400, f"No adapter registered for {provider}")
    return JSONResponse({"resources": RESOURCES[provider]})
