"""Health for machines that look after us: alive, ready, and Prometheus figures."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from dashboards.api.context import Context
from dashboards.api.metrics import exposition
from dashboards.live.health import all_health

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def health_router(context: Context) -> APIRouter:
    """Return ``/healthz`` (this process), ``/readyz`` (everything it needs) and ``/metrics``."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz", responses={503: {"description": "not ready", "content": {"application/json": {}}}})
    async def ready() -> JSONResponse:
        services, gateways = all_health(context.board, context.registry, context.clock.now_ns())
        conditions = {health.key: health.condition.value for health in (*services, *gateways)}
        is_ready = context.board.connected and all(health.fine for health in services)
        body = {"ready": is_ready, "backbone": context.board.connected, "conditions": conditions}
        return JSONResponse(body, 200 if is_ready else 503)

    @router.get("/metrics", response_class=PlainTextResponse, responses={200: {"content": {PROMETHEUS: {}}}})
    async def metrics() -> PlainTextResponse:
        return PlainTextResponse(exposition(context.board, context.clock.now_ns()), media_type=PROMETHEUS)

    return router
