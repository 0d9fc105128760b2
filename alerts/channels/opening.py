"""From settings to a channel: the one place that knows which class carries which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alerts.channels.apprise_channel import AppriseChannel
from alerts.channels.contract import Aids, Channel
from alerts.channels.dingtalk import DingTalkChannel
from alerts.channels.feishu import FeishuChannel
from alerts.channels.mqtt import MqttChannel
from alerts.channels.sms import SmsChannel
from alerts.channels.smtp import SmtpChannel
from alerts.channels.voice import VoiceChannel
from alerts.channels.web_push import WebPushChannel
from alerts.channels.webhook import WebhookChannel
from alerts.channels.wecom import WeComChannel
from domain.errors import RefusedError
from domain.site import ChannelSettings
from domain.site.channels import ChannelKind, WebPushSettings

_MAKERS: dict[ChannelKind, Callable[[Any], Channel]] = {
    ChannelKind.WEBHOOK: WebhookChannel,
    ChannelKind.SMTP: SmtpChannel,
    ChannelKind.MQTT: MqttChannel,
    ChannelKind.APPRISE: AppriseChannel,
    ChannelKind.DINGTALK: DingTalkChannel,
    ChannelKind.WECOM: WeComChannel,
    ChannelKind.FEISHU: FeishuChannel,
    ChannelKind.SMS: SmsChannel,
    ChannelKind.VOICE: VoiceChannel,
}


def open_channel(settings: ChannelSettings, aids: Aids | None = None) -> Channel:
    """Return the channel that ``settings`` describe; nothing is connected yet. ``aids`` is what the process lends."""
    if isinstance(settings, WebPushSettings):
        return WebPushChannel(settings, aids or Aids())
    maker = _MAKERS.get(settings.kind)
    if maker is None:
        raise RefusedError(f"channel {settings.id}: there is no kind '{settings.kind}'")
    return maker(settings)
