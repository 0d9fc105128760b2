"""`svc.alerts.channels*`: how each channel does, and test messages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from alerts.budget import WINDOW_NS
from alerts.channel_trial import people_of, try_channel
from alerts.channels import Outcome
from alerts.channels_face import ChannelsSubject, ChannelView, TestRequest
from alerts.desk import Desk
from alerts.face import Model
from alerts.office import Office
from alerts.schema import Attempt, NoticeState, Notification
from backbone.client import Backbone
from domain.site import ChannelSettings

Reply = dict[str, Any]

TESTS_AT_ONCE = 4


class ChannelsService:
    """Handlers over an office."""

    def __init__(self, office: Office) -> None:
        """Serve ``office``."""
        self._office = office

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes; a slow platform keeps nobody else waiting."""
        await backbone.serve(ChannelsSubject.LIST.value, self.list)
        await backbone.serve(ChannelsSubject.TEST.value, self.test, at_once=TESTS_AT_ONCE)

    async def list(self, body: Reply) -> Reply:
        """Return all channels."""
        Model.model_validate(body)
        return await self._office.database.read(
            lambda session: {"channels": [view.model_dump(mode="json") for view in views(self._office.desk(session))]}
        )

    async def test(self, body: Reply) -> Reply:
        """Send a test message."""
        return (await try_channel(self._office, TestRequest.model_validate(body))).model_dump(mode="json")


def views(desk: Desk) -> list[ChannelView]:
    """Return all channels in the order of the site."""
    return [_view(desk, channel) for channel in desk.directory.channels.values()]


def _view(desk: Desk, channel: ChannelSettings) -> ChannelView:
    fires = func.sum(case((Attempt.fire, 1), else_=0))
    recent = select(func.count(), fires).where(Attempt.channel == channel.id, Attempt.at_ns > desk.now_ns - WINDOW_NS)
    used, used_fire = desk.session.execute(recent).one()
    counts = select(Notification.state, func.count()).where(
        Notification.channel == channel.id,
        Notification.state.in_((NoticeState.QUEUED, NoticeState.SENDING, NoticeState.DEAD)),
    )
    by_state = {row[0]: row[1] for row in desk.session.execute(counts.group_by(Notification.state))}
    success = _newest(desk, channel, Attempt.outcome == Outcome.ACCEPTED.value)
    error = _newest(desk, channel, Attempt.outcome.in_((Outcome.RETRY.value, Outcome.REFUSED.value)))
    return ChannelView(
        id=channel.id,
        kind=channel.kind.value,
        path=channel.path,
        per_minute=channel.per_minute,
        used=used,
        used_fire=used_fire or 0,
        queued=by_state.get(NoticeState.QUEUED, 0),
        sending=by_state.get(NoticeState.SENDING, 0),
        dead=by_state.get(NoticeState.DEAD, 0),
        people=len(people_of(desk, channel.id)),
        last_success_ns=success.ended_at_ns if success else None,
        last_error=error.detail if error else None,
        last_error_ns=error.ended_at_ns if error else None,
    )


def _newest(desk: Desk, channel: ChannelSettings, condition: ColumnElement[bool]) -> Attempt | None:
    query = select(Attempt).where(Attempt.channel == channel.id, condition)
    return desk.session.scalars(query.order_by(Attempt.at_ns.desc(), Attempt.number.desc()).limit(1)).first()
