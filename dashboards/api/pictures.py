"""``/pictures/{alert}`` and ``/pictures/{alert}/{sha256}``: what a camera saw, for people who are signed in.

The first is the alert's own picture, the second a piece of evidence by the hash that was recorded with it. Both are
fetched by the console (`dashboards.live.pictures`), so the page's policy can go on refusing every other source. Routes
of a page, not of the API: they are not in its description.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from alerts.actions_face import AlertId
from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.errors import NOT_FOUND
from dashboards.api.principal import Asking
from dashboards.live.pictures import Picture
from domain.accounts import Right
from domain.errors import RefusedError

HEADERS = {
    "Cache-Control": "private, max-age=300",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": "inline",
}

Id = Annotated[AlertId, Path()]
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


def pictures_router(context: Context) -> APIRouter:
    """Return the routes; an alert outside the scope does not exist."""
    reads = [Depends(context.principal(Right.READ))]
    router = APIRouter(prefix="/pictures", dependencies=reads, include_in_schema=False)

    @router.get("/{alert_id}")
    async def picture(who: Asking, alert_id: Id) -> Response:
        found = await scope.detail(context, who, alert_id)
        if found.alert.picture_url is None:
            raise no_picture()
        return shown(await context.pictures.get(found.alert.picture_url))

    @router.get("/{alert_id}/{sha256}")
    async def evidence(who: Asking, alert_id: Id, sha256: Hash) -> Response:
        found = await scope.detail(context, who, alert_id)
        url = next((one.url for one in found.attachments if one.sha256 == sha256), None)
        if url is None:
            raise no_picture()
        return shown(await context.pictures.get(url, sha256=sha256))

    return router


def no_picture() -> RefusedError:
    """Return what is said where there is none."""
    return RefusedError("此告警没有这张图片 / this alert has no such picture", code=NOT_FOUND)


def shown(picture: Picture) -> Response:
    """Return the picture with its type by its own bytes."""
    return Response(picture.content, media_type=picture.media_type, headers=HEADERS)
