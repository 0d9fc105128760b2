"""`svc.alerts.labelled`: open alerts as other tools know them, with labels, silences and causes; and the audit's pages.

Times are ns UTC. Raises RefusedError, or LinkError when nobody answers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from alerts.actions_face import AlertId, Model
from alerts.face import AuditView
from backbone.client import Backbone
from domain.alert import AlertView
from domain.ids import Token

MOST_LABELLED = 150
MOST_ENTRIES = 500


class LabelledSubject(StrEnum):
    """Where the service answers."""

    LIST = "svc.alerts.labelled"
    AUDIT = "svc.alerts.audit.list"


class LabelledRequest(Model):
    """A page of the open alerts, fire first."""

    units: tuple[Token, ...] | None = None
    cursor: str | None = Field(default=None, max_length=64)
    limit: int = Field(default=MOST_LABELLED, ge=1, le=MOST_LABELLED)


class LabelledAlert(Model):
    """An alert with what other tools ask of it.

    ``foreign``: annotations, generator and times are what another maker's alert came with. ``silenced_by`` are ids of
    silences (``shelve-…``, ``maintenance-…``, ``digest-…`` and ``walk-test-…`` for what rests otherwise),
    ``inhibited_by`` fingerprints of causes, ``receivers`` channels on which somebody was told.
    """

    alert: AlertView
    labels: dict[str, str]
    fingerprint: str
    foreign: bool
    annotations: dict[str, str]
    generator_url: str
    starts_ns: int
    ends_ns: int | None
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    receivers: tuple[str, ...]


class LabelledPage(Model):
    """A page; ``next_cursor`` is None on the last."""

    alerts: tuple[LabelledAlert, ...]
    next_cursor: str | None


class AuditRequest(Model):
    """A page of the audit, newest first: of all, or of one alert; ``cursor``: where the page before ended.

    ``alerts_only`` leaves out what is about no alert: accounts, sessions, silences. ``from_ns`` and ``until_ns``: from
    when, and until before when.
    """

    id: AlertId | None = None
    units: tuple[Token, ...] | None = None
    actor: str | None = Field(default=None, max_length=64)
    action: Token | None = None
    alerts_only: bool = False
    from_ns: int | None = Field(default=None, ge=0, lt=2**63)
    until_ns: int | None = Field(default=None, ge=0, lt=2**63)
    cursor: int | None = Field(default=None, ge=1, lt=2**63)
    limit: int = Field(default=100, ge=1, le=MOST_ENTRIES)


class AuditEntryView(AuditView):
    """A link of the chain, with the alert that it is about."""

    alert_id: str | None


class AuditPage(Model):
    """A page; ``next_cursor`` is None on the last."""

    entries: tuple[AuditEntryView, ...]
    next_cursor: int | None


class LabelledFace:
    """Typed client."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def page(self, request: LabelledRequest) -> LabelledPage:
        """Return a page of open alerts with labels."""
        return LabelledPage.model_validate(await self._ask(LabelledSubject.LIST, request))

    async def audit(self, request: AuditRequest) -> AuditPage:
        """Return a page of the audit."""
        return AuditPage.model_validate(await self._ask(LabelledSubject.AUDIT, request))

    async def _ask(self, subject: LabelledSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))
