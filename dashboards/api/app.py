"""The HTTP application: all routes of ours, before the console's page takes the rest of the paths."""

from __future__ import annotations

from fastapi import FastAPI, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.routing import Match, Mount

from dashboards.alertmanager.routes import alertmanager_router
from dashboards.api.alert_actions import actions_router
from dashboards.api.alerts import alerts_router
from dashboards.api.answer import answer_router
from dashboards.api.context import Context
from dashboards.api.described import describe
from dashboards.api.errors import add_error_handlers
from dashboards.api.events import events_router
from dashboards.api.guard import Guard
from dashboards.api.handovers import handovers_router
from dashboards.api.health import health_router
from dashboards.api.kpi import kpi_router
from dashboards.api.login import login_router
from dashboards.api.password import password_router
from dashboards.api.pictures import pictures_router
from dashboards.api.plans import plans_router
from dashboards.api.readings import readings_router
from dashboards.api.receipts import receipts_router
from dashboards.api.roll_calls import roll_calls_router
from dashboards.api.rules import rules_router
from dashboards.api.schemas import schemas_router
from dashboards.api.session_routes import session_router, sessions_router
from dashboards.api.silences import silences_router
from dashboards.api.subscriptions import subscriptions_router
from dashboards.api.tokens import tokens_router
from dashboards.api.users import users_router
from dashboards.api.walk_tests import walk_tests_router
from domain.errors import RefusedError

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY"]
ROUTERS = (
    kpi_router,
    alerts_router,
    actions_router,
    silences_router,
    handovers_router,
    walk_tests_router,
    readings_router,
    rules_router,
    plans_router,
    roll_calls_router,
    events_router,
    health_router,
    subscriptions_router,
    answer_router,
    receipts_router,
    schemas_router,
    pictures_router,
    session_router,
    users_router,
    tokens_router,
    sessions_router,
)


def make_app(context: Context) -> FastAPI:
    """Return the application. Its own pages of documentation are off: they load scripts from a CDN."""
    app = FastAPI(title="Fengsui", version="1", docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json")
    add_error_handlers(app)
    describe(app)
    for router in ROUTERS:
        app.include_router(router(context))
    app.include_router(alertmanager_router(context, "/api/v2"))
    app.include_router(alertmanager_router(context, "/alertmanager/api/v2"), include_in_schema=False)
    if not context.door.is_open:
        app.include_router(login_router(context))
        app.include_router(password_router(context))

    @app.api_route("/healthz", methods=METHODS, include_in_schema=False)
    @app.api_route("/readyz", methods=METHODS, include_in_schema=False)
    @app.api_route("/metrics", methods=METHODS, include_in_schema=False)
    @app.api_route("/alertmanager/api/{path:path}", methods=METHODS, include_in_schema=False)
    @app.api_route("/api/{path:path}", methods=METHODS, include_in_schema=False)
    async def unknown(request: Request) -> None:
        allowed = allowed_methods(app, request)
        if not allowed:
            raise RefusedError(f"没有 {request.url.path} / no {request.url.path}", code=404)
        words = f"此路径只接受 {allowed} / this path takes {allowed}"
        raise HTTPException(405, words, headers={"Allow": allowed})

    app.add_middleware(Guard, door=context.door)
    return app


def allowed_methods(app: FastAPI, request: Request) -> str:
    """Return the methods that a path takes, as the header Allow has them; empty for a path that there is not."""
    routes = [route for route in app.routes if not isinstance(route, Mount | APIRoute)]  # less the page and the rest
    scopes = {method: {**request.scope, "method": method} for method in METHODS}
    found = [
        method
        for method, scope in scopes.items()
        if any(route.matches(dict(scope))[0] is Match.FULL for route in routes)
    ]
    return ", ".join(sorted(found))
