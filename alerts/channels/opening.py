"""From settings to a channel: the one place that knows which class carries which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alerts.channels.contract import Channel
from alerts.channels.webhook import WebhookChannel
from domain.errors import RefusedError
from domain.site import ChannelSettings
from domain.site.channels import ChannelKind

_MAKERS: dict[ChannelKind, Callable[[Any], Channel]] = {
    ChannelKind.WEBHOOK: WebhookChannel,
}


def open_channel(settings: ChannelSettings) -> Channel:
    """Return the channel that ``settings`` describe; nothing is connected yet."""
    maker = _MAKERS.get(settings.kind)
    if maker is None:
        raise RefusedError(f"channel {settings.id}: there is no kind '{settings.kind}'")
    return maker(settings)
