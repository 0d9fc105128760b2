"""Ways to reach people, as ``site.yaml`` names them: one model a kind, told apart by ``kind``.

Secrets are written as ``${NAME}`` and come from the environment. ``per_minute`` is the budget of a channel: what its
platform takes before it mutes the sender; a fifth of it is reserved for fire (`alerts.budget`).
``path`` says what the messages of a channel depend on (``internet``, ``gsm``, ``lan``): a fire is told on two paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from domain.ids import Token
from domain.site import sms_template
from domain.site.labels import Settings
from domain.wording import HTTP_PATTERN

PerMinute = Annotated[int, Field(ge=1, le=6000)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Secret = Annotated[str | None, Field(repr=False)]
Url = Annotated[str, Field(pattern=HTTP_PATTERN, max_length=2000)]


class ChannelKind(StrEnum):
    """Kinds of channels."""

    WEBHOOK = "webhook"
    SMTP = "smtp"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    SMS = "sms"
    VOICE = "voice"
    MQTT = "mqtt"
    WEB_PUSH = "web_push"
    APPRISE = "apprise"


class TransportSecurity(StrEnum):
    """How a connection to a mail server or broker is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class BaseChannel(Settings):
    """What all channels have."""

    MOST_PER_MINUTE: ClassVar[tuple[int, str] | None] = None
    """What the platform takes, and what it does to who sends more; None where we know of no limit."""

    id: Token
    per_minute: PerMinute = Field(default=60, description="budget; a fifth of it is reserved for fire")
    per_second: int | None = Field(default=None, ge=1, le=100, description="a second limit, where a platform has one")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="one try as a whole, seconds")
    path: Token = Field(default="internet", description="what it depends on: a fire is told on two paths")
    digest: bool = Field(default=True, description="whether a flood becomes one message; never a fire")

    @model_validator(mode="after")
    def _within_the_platform(self) -> Self:
        """A platform that is overrun mutes its sender, so a larger budget would silence the fire behind a flood."""
        if self.MOST_PER_MINUTE is not None and self.per_minute > self.MOST_PER_MINUTE[0]:
            most, reason = self.MOST_PER_MINUTE
            raise ValueError(
                f"per_minute is {self.per_minute}: the platform takes {most} a minute, {reason} → "
                f"write 'per_minute: {most}' or less"
            )
        return self


class WebhookSettings(BaseChannel):
    """JSON by HTTP POST; ``secret`` signs it (HMAC-SHA256)."""

    kind: Literal[ChannelKind.WEBHOOK]
    url: Url
    secret: Secret = None


class VoiceSettings(BaseChannel):
    """A voice call made by a telephony service that takes our webhook, signed like one."""

    kind: Literal[ChannelKind.VOICE]
    url: Url
    secret: Secret = None
    per_minute: PerMinute = 30
    path: Token = "gsm"


class DingTalkSettings(BaseChannel):
    """A group robot of DingTalk (钉钉). 20 messages/min, then muted for 10 min (the platform's document)."""

    MOST_PER_MINUTE = (20, "then it mutes the robot for 10 min")

    kind: Literal[ChannelKind.DINGTALK]
    url: Url = "https://oapi.dingtalk.com/robot/send"
    access_token: Secret = None
    secret: Secret = Field(default=None, description="of the robot's signature (加签), SEC…")
    per_minute: PerMinute = 20


class WeComSettings(BaseChannel):
    """A group robot of WeCom (企业微信). 20 messages/min (the platform's document)."""

    MOST_PER_MINUTE = (20, "then it drops what comes")

    kind: Literal[ChannelKind.WECOM]
    url: Url = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"
    key: Secret = None
    per_minute: PerMinute = 20


class FeishuSettings(BaseChannel):
    """A group robot of Feishu (飞书). 100 messages/min and 5/s (the platform's document)."""

    MOST_PER_MINUTE = (100, "then it drops what comes")

    kind: Literal[ChannelKind.FEISHU]
    url: Url = Field(repr=False, description="the robot's whole address, …/open-apis/bot/v2/hook/<id>")
    secret: Secret = Field(default=None, description="of the robot's signature (签名校验)")
    per_minute: PerMinute = 100
    per_second: int | None = Field(default=5, ge=1, le=5)


class SmsSettings(BaseChannel):
    """Short messages by the HTTP interface of any provider: what is sent is a template with named fields."""

    kind: Literal[ChannelKind.SMS]
    url: Url
    method: Literal["POST", "GET"] = "POST"
    headers: Mapping[str, str] = Field(default_factory=dict, repr=False)
    body: str = Field(default="", max_length=4000, description="template: {phone} {text} {link} {key} …; empty for GET")
    content_type: Literal["application/json", "application/x-www-form-urlencoded"] = "application/json"
    good: Mapping[str, str] = Field(
        default_factory=dict, description="fields of a JSON answer and what they are when the provider took it"
    )
    busy: Mapping[str, str] = Field(default_factory=dict, description="the same for: too many, try again later")
    message_id: str | None = Field(default=None, description="field of the answer that names the message")
    segments: int = Field(default=3, ge=1, le=8, description="longest message, in segments of 67 characters")
    secret: Secret = Field(default=None, description="signs what the provider reports later")
    per_minute: PerMinute = 60
    path: Token = "gsm"

    @property
    def form(self) -> sms_template.Form:
        """How values are written into the body."""
        return "json" if self.content_type == "application/json" else "url"

    @model_validator(mode="after")
    def _templates_hold(self) -> Self:
        """Refuse a template that a device's text could break out of, or that sends no text to nobody."""
        sms_template.check(self.url, self.body, self.form, post=self.method == "POST")
        return self


class SmtpSettings(BaseChannel):
    """Mail."""

    kind: Literal[ChannelKind.SMTP]
    host: str = Field(min_length=1, max_length=253)
    port: Port = 587
    security: TransportSecurity = TransportSecurity.STARTTLS
    username: str | None = None
    password: Secret = None
    sender: str = Field(min_length=3, max_length=254, description="address that the mail comes from")
    timeout_s: float = Field(default=20.0, gt=0, le=60)


class MqttSettings(BaseChannel):
    """A topic of a broker: for sirens, signs and other systems on the premises."""

    kind: Literal[ChannelKind.MQTT]
    host: str = Field(min_length=1, max_length=253)
    port: Port = 1883
    security: Literal[TransportSecurity.NONE, TransportSecurity.TLS] = TransportSecurity.NONE
    username: str | None = None
    password: Secret = None
    topic: str = Field(
        default="fengsui/notify/{unit}/{class}", max_length=200, description="template of {unit} {class} {person}"
    )
    per_minute: PerMinute = 600
    path: Token = "lan"


class WebPushSettings(BaseChannel):
    """Notifications of a browser or an installed page (RFC 8030, VAPID); people subscribe on their phone page."""

    kind: Literal[ChannelKind.WEB_PUSH]
    contact: str = Field(pattern=r"^(mailto:|https://)", description="whom a push service may turn to")
    key: Secret = Field(default=None, description="VAPID private key; made at the first start when absent")
    per_minute: PerMinute = 300


class AppriseSettings(BaseChannel):
    """Anything that the Apprise library can reach. Its word is weak: it reports what its plug-in takes for success."""

    kind: Literal[ChannelKind.APPRISE]
    url: str = Field(min_length=3, max_length=2000, repr=False, description="an Apprise address, often with a secret")
    timeout_s: float = Field(default=20.0, gt=0, le=60)


ChannelSettings = (
    WebhookSettings
    | VoiceSettings
    | DingTalkSettings
    | WeComSettings
    | FeishuSettings
    | SmsSettings
    | SmtpSettings
    | MqttSettings
    | WebPushSettings
    | AppriseSettings
)
