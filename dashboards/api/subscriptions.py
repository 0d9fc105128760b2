"""``/answer/push/…``: a person's phone subscribes to pushes from their answer page.

| path | what |
|---|---|
| GET ``/answer/push/page.js`` | the script of the page's button |
| GET ``/answer/push/worker.js`` | the service worker that shows what is pushed |
| POST ``/answer/push/subscribe`` | ``{"token", "endpoint", "keys": {"p256dh", "auth"}}`` |
| POST ``/answer/push/unsubscribe`` | ``{"token", "endpoint"}`` |

The token is that of the signed answer link: a browser is pushed to for the person of the link, and nobody signs in.
"""

from __future__ import annotations

from html import escape

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.subscriptions_face import AddRequest, Auth, Endpoint, P256dh, RemoveRequest, SubscriptionsFace
from dashboards.api.context import Context
from dashboards.api.push_scripts import PAGE_SCRIPT, WORKER_SCRIPT
from dashboards.console.texts import Language, text
from domain.errors import FengsuiError

PAGE_PATH = "/answer/push/page.js"
TOKEN = r"^[A-Za-z0-9_.-]+$"  # noqa: S105  # the form of one


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    token: str = Field(max_length=1024, pattern=TOKEN)
    endpoint: Endpoint


class Keys(BaseModel):
    """What the browser decrypts with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    p256dh: P256dh
    auth: Auth


class SubscribeBody(_Body):
    """``PushSubscription.toJSON()`` with the token of the answer link."""

    keys: Keys


class UnsubscribeBody(_Body):
    """Which browser."""


class Subscribed(BaseModel):
    """How many browsers the person has now."""

    browsers: int


def subscriptions_router(context: Context) -> APIRouter:
    """Return the routes; none needs a sign-in, the link's signature is what counts."""
    router = APIRouter(prefix="/answer/push", include_in_schema=False)

    @router.get("/page.js")
    async def page() -> Response:
        return _script(PAGE_SCRIPT)

    @router.get("/worker.js")
    async def worker() -> Response:
        return _script(WORKER_SCRIPT)

    @router.post("/subscribe")
    async def subscribe(body: SubscribeBody) -> Subscribed:
        request = AddRequest(token=body.token, endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth)
        return Subscribed(browsers=(await SubscriptionsFace(context.link.backbone).add(request)).browsers)

    @router.post("/unsubscribe")
    async def unsubscribe(body: UnsubscribeBody) -> Subscribed:
        request = RemoveRequest(token=body.token, endpoint=body.endpoint)
        return Subscribed(browsers=(await SubscriptionsFace(context.link.backbone).remove(request)).browsers)

    return router


async def push_button(context: Context, token: str, language: Language) -> str:
    """Return the part of the answer page that subscribes; nothing where the person has no Web Push.

    The receipt matters more: whatever fails here leaves the page without the button.
    """
    try:
        offer = await SubscriptionsFace(context.link.backbone).offer(token)
    except FengsuiError:
        return ""
    if offer.public_key is None:
        return ""
    data = {
        "token": token,
        "key": offer.public_key,
        "here": text("push_here", language),
        "off": text("push_off", language),
        "on": text("push_on", language),
        "denied": text("push_denied", language),
        "insecure": text("push_insecure", language),
        "unsupported": text("push_unsupported", language),
        "failed": text("push_failed", language),
    }
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    return (
        f'<section id="push" hidden {attributes}>'
        f'<button type="button" id="push-button">{escape(text("push_here", language))}</button>'
        '<p id="push-said" class="who" role="status"></p></section>'
        f'<script src="{PAGE_PATH}" defer></script>'
    )


def _script(content: str) -> Response:
    return Response(content, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})
