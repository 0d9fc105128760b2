"""`svc.alerts.silences.*` as other processes see it: silences as Alertmanager has them. Times are ns UTC.

A silence shelves the open alerts that all its matchers match, and those that are raised meanwhile, until it ends. It
covers the class fire only when it was asked to (``fire``) and a second person confirmed it; one that would need to is
refused with code 403. ``units`` is the scope of who asks (None: everywhere): a silence made within a scope covers
alerts of these units only, and whoever has a scope sees and touches only those that lie within it. ``shelve-<alert>``
is not a silence of its own but an alert that a person shelved.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.actions_face import LATEST_NS, Model, Reason, Second, Who
from backbone.client import Backbone
from domain.errors import RefusedError
from domain.ids import Token
from domain.matchers import MOST_MATCHERS, Matcher

FORBIDDEN = 403
SHELF = "shelve-"
"""How the id of what a person shelved begins, where it is listed as a silence; the id of the alert follows."""
MOST_SILENCES = 200
"""In force or to come (assumption): more than that is no longer a list that anybody reads."""

_TAG = "静默"
"""How the reason of a shelf begins that a silence made; the id of the silence follows."""

SilenceId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Moment = Annotated[int, Field(gt=0, le=LATEST_NS)]
Units = tuple[Token, ...] | None
Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class SilenceSubject(StrEnum):
    """Where the service answers."""

    SET = "svc.alerts.silences.set"
    LIST = "svc.alerts.silences.list"
    CONFIRM = "svc.alerts.silences.confirm"
    EXPIRE = "svc.alerts.silences.expire"


class SilenceState(StrEnum):
    """Alertmanager's words."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class SetSilence(Model):
    """A new silence, or other times and words for the one that ``id`` names."""

    id: SilenceId | None = None
    matchers: tuple[Matcher, ...] = Field(min_length=1, max_length=MOST_MATCHERS)
    starts_ns: Moment | None = Field(default=None, description="None: now")
    ends_ns: Moment
    by: Who
    account: Token | None = Field(default=None, description="that of ``by``, where they are signed in")
    comment: Reason
    fire: bool = Field(default=False, description="cover fires, too, once a second person has confirmed it")
    units: Units = None


class ListSilences(Model):
    """Which silences: ended ones are kept for ever, and listed for five days as Alertmanager does."""

    id: SilenceId | None = None
    units: Units = None


class SeenSilence(Model):
    """A silence as somebody saw it: ``version`` is that of the `SilenceView` which stood before them."""

    id: SilenceId
    version: Version


class ConfirmSilence(Model):
    """Let it cover fires: who vouched beside its maker for the silence as they saw it."""

    id: SilenceId
    second: Second


class ChangeSilence(Model):
    """End it now."""

    id: SilenceId
    by: Who
    units: Units = None


class SilenceView(Model):
    """A silence; ``alerts`` is how many it has shelved now, ``units`` where it covers any (None: everywhere).

    ``version`` is a function of all that a second person confirms: what it matches and where, its times, its reason,
    and whose it is. What a person shelved has none. ``created_account`` is that of its maker, None where they were not
    signed in.
    """

    id: str
    matchers: tuple[Matcher, ...]
    starts_ns: int
    ends_ns: int
    created_by: str
    comment: str
    updated_ns: int
    state: SilenceState
    fire: bool
    second_by: str | None
    alerts: int
    units: tuple[str, ...] | None
    created_account: str | None = None
    version: str = ""


class SilencesFace:
    """Typed client. Raises RefusedError (403: a fire without a second person; 404), LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def set(self, request: SetSilence) -> SilenceView:
        """Begin a silence, or change one."""
        return _one(await self._ask(SilenceSubject.SET, request))

    async def list(self, *, units: Units = None) -> tuple[SilenceView, ...]:
        """Return all that are in force, to come, or ended within five days."""
        reply = await self._ask(SilenceSubject.LIST, ListSilences(units=units))
        return tuple(SilenceView.model_validate(one) for one in reply["silences"])

    async def get(self, silence_id: str, *, units: Units = None) -> SilenceView:
        """Return one."""
        reply = await self._ask(SilenceSubject.LIST, ListSilences(id=silence_id, units=units))
        return SilenceView.model_validate(reply["silences"][0])

    async def confirm(self, silence_id: str, *, second: Second) -> SilenceView:
        """Let it cover fires: by another person than who made it, within the scope of that person.

        Refused where it was changed since ``second`` vouched for it as they saw it.
        """
        return _one(await self._ask(SilenceSubject.CONFIRM, ConfirmSilence(id=silence_id, second=second)))

    async def expire(self, silence_id: str, *, by: str, units: Units = None) -> SilenceView:
        """End it now; what still stands is told again."""
        return _one(await self._ask(SilenceSubject.EXPIRE, ChangeSilence(id=silence_id, by=by, units=units)))

    async def _ask(self, subject: SilenceSubject, request: Model) -> Any:
        body = request.model_dump(mode="json", by_alias=True, exclude_none=True)
        reply = await self._backbone.request(subject.value, body)
        if "forbidden" in reply:
            raise RefusedError(str(reply["forbidden"]), code=FORBIDDEN)
        return reply


def shelf_tag(silence_id: str) -> str:
    """Return how the reason on a shelf begins, so that it is known again whose it is."""
    return f"{_TAG} {silence_id}"


def silence_of_reason(reason: str) -> str | None:
    """Return the silence that a shelf's reason names; None where a person shelved the alert."""
    tag, _, rest = reason.partition(" ")
    silence_id, colon, _ = rest.partition(":")
    return silence_id if tag == _TAG and colon and " " not in silence_id else None


def _one(reply: Any) -> SilenceView:
    return SilenceView.model_validate(reply["silence"])
