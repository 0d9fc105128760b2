"""`svc.alerts.foreign.post`: alerts of Prometheus and its like, as they are posted to an Alertmanager. Times ns UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from alerts.actions_face import LATEST_NS, Model, Who
from backbone.client import Backbone
from domain.ids import Token
from domain.matchers import NAME

MOST_AT_ONCE = 64
"""Alerts of one request to the service; Prometheus sends 64 at once by default."""
MOST_LABELS = 64
MOST_NAME = 128
MOST_TEXT = 1024
MOST_ANNOTATION = 4096
MOST_OPEN = 2000
"""Foreign alerts that are open at one time (assumption); one more is refused, and whoever posts it counts that."""

RESOLVE_S = 300.0
"""Without an end, an alert that is not posted again for this long has ended: Alertmanager's ``resolve_timeout``."""

LabelName = Annotated[str, StringConstraints(pattern=NAME, max_length=MOST_NAME)]
LabelText = Annotated[str, StringConstraints(max_length=MOST_TEXT)]
Annotation = Annotated[str, StringConstraints(max_length=MOST_ANNOTATION)]
Time = Annotated[int, Field(ge=0, le=LATEST_NS)]


class ForeignSubject(StrEnum):
    """Where the service answers."""

    POST = "svc.alerts.foreign.post"


class ForeignPost(Model):
    """One alert; labels with empty values count as absent. ``ends_ns`` None: it stands as long as it is posted."""

    labels: dict[LabelName, LabelText] = Field(min_length=1, max_length=MOST_LABELS)
    annotations: dict[LabelName, Annotation] = Field(default_factory=dict, max_length=MOST_LABELS)
    generator_url: str = Field(default="", max_length=MOST_TEXT)
    starts_ns: Time | None = None
    ends_ns: Time | None = None


class PostRequest(Model):
    """What was posted, by whom, and in which units they may (None: everywhere)."""

    alerts: tuple[ForeignPost, ...] = Field(max_length=MOST_AT_ONCE)
    by: Who
    units: tuple[Token, ...] | None = None


class PostReply(Model):
    """How many were taken, and why others were not: by their place in the request."""

    taken: int
    refused: dict[int, str]


class ForeignFace:
    """Typed client. Raises LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def post(self, request: PostRequest) -> PostReply:
        """Take alerts in; each by itself, so that a bad one harms no other."""
        reply = await self._backbone.request(
            ForeignSubject.POST.value, request.model_dump(mode="json", exclude_none=True)
        )
        return PostReply.model_validate(reply)
