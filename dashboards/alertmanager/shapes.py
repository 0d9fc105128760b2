"""What goes over the wire: Alertmanager's own names (openapi.yaml of its version 2 API), camel case and all.

Of what others send, unknown fields are left out, as Alertmanager does; of what we send, there are none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from alerts.foreign_face import MOST_LABELS, MOST_TEXT, Annotation, LabelName, LabelText
from alerts.silences_face import SilenceId
from dashboards.api.moment import Moment
from dashboards.api.words import Name, SomeWords
from domain.matchers import MOST_MATCHERS, Matcher

MOST_POSTED = 1000
"""Alerts in one POST; Prometheus sends 64."""

Text = Annotated[str, StringConstraints(max_length=MOST_TEXT)]


class Shape(BaseModel):
    """Base: names as Alertmanager writes them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Receiver(Shape):
    """Who is told."""

    name: str


class Status(Shape):
    """Whether somebody is told, and if not, why."""

    state: Literal["active", "suppressed", "unprocessed"]
    silencedBy: list[str]  # noqa: N815  # Alertmanager's name, as all of these
    inhibitedBy: list[str]  # noqa: N815


class GettableAlert(Shape):
    """An alert that stands."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: datetime  # noqa: N815
    endsAt: datetime  # noqa: N815
    updatedAt: datetime  # noqa: N815
    generatorURL: str  # noqa: N815
    fingerprint: str
    receivers: list[Receiver]
    status: Status


class PostableAlert(Shape):
    """An alert that somebody posts."""

    labels: dict[LabelName, LabelText] = Field(min_length=1, max_length=MOST_LABELS)
    annotations: dict[LabelName, Annotation] = Field(default_factory=dict, max_length=MOST_LABELS)
    startsAt: Moment | None = None  # noqa: N815
    endsAt: Moment | None = None  # noqa: N815
    generatorURL: Text = ""  # noqa: N815


class AlertGroup(Shape):
    """The alerts of one building for one receiver."""

    labels: dict[str, str]
    receiver: Receiver
    alerts: list[GettableAlert]


class PostableSilence(Shape):
    """A silence that somebody sets."""

    id: SilenceId | Literal[""] | None = None
    matchers: list[Matcher] = Field(min_length=1, max_length=MOST_MATCHERS)
    startsAt: Moment  # noqa: N815
    endsAt: Moment  # noqa: N815
    createdBy: Name  # noqa: N815
    comment: SomeWords


class SilenceStatus(Shape):
    """Where a silence is in its time."""

    state: Literal["expired", "active", "pending"]


class GettableSilence(Shape):
    """A silence."""

    id: str
    matchers: list[Matcher]
    startsAt: datetime  # noqa: N815
    endsAt: datetime  # noqa: N815
    updatedAt: datetime  # noqa: N815
    createdBy: str  # noqa: N815
    comment: str
    status: SilenceStatus


class SilenceSet(Shape):
    """Which silence was set."""

    silenceID: str  # noqa: N815


class Cluster(Shape):
    """There is none."""

    status: Literal["disabled"] = "disabled"
    peers: list[str] = []


class VersionInfo(Shape):
    """``version`` is that of the API which is mapped; ``branch`` says who maps it."""

    version: str
    revision: str
    branch: str
    buildUser: str  # noqa: N815
    buildDate: str  # noqa: N815
    goVersion: str  # noqa: N815


class Config(Shape):
    """A configuration file, as text."""

    original: str


class AlertmanagerStatus(Shape):
    """What answers here."""

    cluster: Cluster
    versionInfo: VersionInfo  # noqa: N815
    config: Config
    uptime: datetime
