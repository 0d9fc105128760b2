"""From settings to a channel: the one place that knows which class carries which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alerts.channels.contract import Channel
from alerts.channels.dingtalk import DingTalkChannel
from alerts.channels.feishu import FeishuChannel
from alerts.channels.sms import SmsChannel
from alerts.channels.voice import VoiceChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WeComChannel
from domain.errors import RefusedError
from domain.site import ChannelSettings
from domain.site.channels import ChannelKind

_MAKERS: dict[ChannelKind, Callable[[Any], Channel]] = {
    ChannelKind.WEBHOOK: WebhookChannel,
    ChannelKind.DINGTALK: DingTalkChannel,
    ChannelKind.WECOM: WeComChannel,
    ChannelKind.FEISHU: FeishuChannel,
    ChannelKind.SMS: SmsChannel,
    ChannelKind.VOICE: VoiceChannel,
}


def open_channel(settings: ChannelSettings) -> Channel:
    """Return the channel that ``settings`` describe; nothing is connected yet."""
    maker = _MAKERS.get(settings.kind)
    if maker is None:
        raise RefusedError(f"channel {settings.id}: there is no kind '{settings.kind}'")
    return maker(settings)
