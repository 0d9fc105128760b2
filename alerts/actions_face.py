"""What people do to alerts, as other processes ask for it: requests, and the acting half of `alerts.face.AlertsFace`.

Every call raises RefusedError with the reason in Chinese and English (code 404 for an unknown alert), or LinkError
when the service is away. Times are ns UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backbone.client import Backbone
from domain.alert import AlertView, Confirmation
from domain.ids import Token

MOST_URL = 2000
LATEST_NS = 2**63 - 1
HTTP_ADDRESS = r"^https?://[A-Za-z0-9._\[\]:-]+([/?#][^\x00-\x20\x7f]*)?$"
"""No file, no user and password in it: the address goes into audit and feed."""

Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Remark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
AlertId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
Moment = Annotated[int, Field(gt=0, le=LATEST_NS)]


class Model(BaseModel):
    """Base of requests and replies: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Second(Model):
    """The second person of a deed that needs two, as `alerts.accounts_face.AccountsFace.vouch` returned them.

    ``by`` is their name in the record; ``proof`` is good for one deed, and only the account service makes it.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    by: Who
    proof: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] = Field(repr=False)


class ActionSubject(StrEnum):
    """Where the service answers."""

    ACKNOWLEDGE = "svc.alerts.acknowledge"
    CONFIRM = "svc.alerts.confirm"
    RESET = "svc.alerts.reset"
    COMMENT = "svc.alerts.comment"
    SHELVE = "svc.alerts.shelve"
    EXTEND = "svc.alerts.extend"
    UNSHELVE = "svc.alerts.unshelve"
    ASSIGN = "svc.alerts.assign"
    ATTACH = "svc.alerts.attach"
    RECHECK = "svc.alerts.recheck"
    READ = "svc.alerts.read"


class ActionRequest(Model):
    """Acknowledge, reset or unshelve.

    ``account`` is that of ``by``, where they are signed in: what takes two persons goes by it, and not by names.
    """

    id: AlertId
    by: Who
    account: Token | None = None


class ConfirmRequest(ActionRequest):
    """What was found out; ``text`` is kept as a comment, and is the cause where ``cause`` says nothing."""

    finding: Confirmation
    text: Remark = ""
    cause: Remark = Field(default="", description="what made a false alarm; a false alarm needs it")


class CommentRequest(ActionRequest):
    """Something to add."""

    text: Reason


class ShelveRequest(ActionRequest):
    """Silence until a time, or until a later one. ``second``: the second person, whom a fire needs."""

    reason: Reason
    until_ns: Moment
    second: Second | None = None


class AssignRequest(ActionRequest):
    """Who is responsible from now on."""

    to: Who


class AttachRequest(ActionRequest):
    """Evidence that lies elsewhere."""

    url: Annotated[str, StringConstraints(pattern=HTTP_ADDRESS, max_length=MOST_URL)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]{1,63}/[a-z0-9.+-]{1,63}$")]
    note: Remark = ""


class RecheckRequest(ActionRequest):
    """Somebody saw on the spot that all is well."""

    note: Remark = ""


class ReadRequest(Model):
    """A person did something with the page that a signed link leads to."""

    token: str = Field(max_length=1024)


class ActionsFace:
    """Typed client of what people do; each call returns the alert as it is then."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def acknowledge(self, alert_id: str, *, by: str, account: str | None = None) -> AlertView:
        """Take an alert on: stops its ladder."""
        return await self._act(ActionSubject.ACKNOWLEDGE, ActionRequest(id=alert_id, by=by, account=account))

    async def confirm(
        self, alert_id: str, *, by: str, finding: Confirmation, text: str = "", cause: str = ""
    ) -> AlertView:
        """Record what was found out; a false alarm with its cause."""
        request = ConfirmRequest(id=alert_id, by=by, finding=finding, text=text, cause=cause)
        return await self._act(ActionSubject.CONFIRM, request)

    async def reset(self, alert_id: str, *, by: str) -> AlertView:
        """Let a latched alert go, once the telemetry no longer says it."""
        return await self._act(ActionSubject.RESET, ActionRequest(id=alert_id, by=by))

    async def comment(self, alert_id: str, *, by: str, text: str) -> AlertView:
        """Add something."""
        return await self._act(ActionSubject.COMMENT, CommentRequest(id=alert_id, by=by, text=text))

    async def shelve(
        self, alert_id: str, *, by: str, reason: str, until_ns: int, second: Second | None = None
    ) -> AlertView:
        """Silence an alert for a time; a fire only together with a second person."""
        request = ShelveRequest(id=alert_id, by=by, reason=reason, until_ns=until_ns, second=second)
        return await self._act(ActionSubject.SHELVE, request)

    async def extend(
        self, alert_id: str, *, by: str, reason: str, until_ns: int, second: Second | None = None
    ) -> AlertView:
        """Put off the end of a shelving, by the rules of shelving; it never ends between."""
        request = ShelveRequest(id=alert_id, by=by, reason=reason, until_ns=until_ns, second=second)
        return await self._act(ActionSubject.EXTEND, request)

    async def unshelve(self, alert_id: str, *, by: str) -> AlertView:
        """End a shelving early: what still stands is told again."""
        return await self._act(ActionSubject.UNSHELVE, ActionRequest(id=alert_id, by=by))

    async def assign(self, alert_id: str, *, by: str, to: str) -> AlertView:
        """Make somebody responsible."""
        return await self._act(ActionSubject.ASSIGN, AssignRequest(id=alert_id, by=by, to=to))

    async def attach(
        self, alert_id: str, *, by: str, url: str, sha256: str, media_type: str, note: str = ""
    ) -> AlertView:
        """Add evidence by its address and the SHA-256 of its bytes (64 lower-case hex digits)."""
        request = AttachRequest(id=alert_id, by=by, url=url, sha256=sha256, media_type=media_type, note=note)
        return await self._act(ActionSubject.ATTACH, request)

    async def recheck(self, alert_id: str, *, by: str, account: str | None = None, note: str = "") -> AlertView:
        """Record a re-check on the spot, once the telemetry is normal; of a hazard, by another than who took it on."""
        request = RecheckRequest(id=alert_id, by=by, account=account, note=note)
        return await self._act(ActionSubject.RECHECK, request)

    async def read(self, token: str) -> AlertView:
        """Record that the person of a signed link has read its page; call it after a person's own gesture."""
        return await self._act(ActionSubject.READ, ReadRequest(token=token))

    async def _act(self, subject: StrEnum, request: Model) -> AlertView:
        return AlertView.model_validate((await self._ask(subject, request))["alert"])

    async def _ask(self, subject: StrEnum, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))
