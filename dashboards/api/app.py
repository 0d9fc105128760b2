"""The HTTP application: all routes of ours, before the console's page takes the rest of the paths."""

from __future__ import annotations

from fastapi import FastAPI

from dashboards.api.alerts import alerts_router
from dashboards.api.answer import answer_router
from dashboards.api.context import Context
from dashboards.api.errors import add_error_handlers
from dashboards.api.events import events_router
from dashboards.api.guard import Guard
from dashboards.api.health import health_router
from dashboards.api.kpi import kpi_router
from dashboards.api.login import login_router
from dashboards.api.password import password_router
from dashboards.api.readings import readings_router
from dashboards.api.receipts import receipts_router
from dashboards.api.schemas import schemas_router
from dashboards.api.session_routes import session_router, sessions_router
from dashboards.api.subscriptions import subscriptions_router
from dashboards.api.tokens import tokens_router
from dashboards.api.users import users_router
from domain.errors import RefusedError

ROUTERS = (
    kpi_router,
    alerts_router,
    readings_router,
    events_router,
    health_router,
    subscriptions_router,
    answer_router,
    receipts_router,
    schemas_router,
    session_router,
    users_router,
    tokens_router,
    sessions_router,
)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def make_app(context: Context) -> FastAPI:
    """Return the application. Its own pages of documentation are off: they load scripts from a CDN."""
    app = FastAPI(title="Fengsui", version="1", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    add_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router(context))
    if not context.door.is_open:
        app.include_router(login_router(context))
        app.include_router(password_router(context))

    @app.api_route("/api/{path:path}", methods=METHODS, include_in_schema=False)
    async def unknown(path: str) -> None:
        raise RefusedError(f"no /api/{path}, or not with this method", code=404)

    app.add_middleware(Guard, door=context.door)
    return app
