"""Ways to reach people, as ``site.yaml`` names them: one model a kind, told apart by ``kind``.

Secrets are written as ``${NAME}`` and come from the environment. ``per_minute`` is the budget of a channel: what its
platform takes before it mutes the sender; a fifth of it is reserved for fire (`alerts.budget`).
``path`` says what the messages of a channel depend on (``internet``, ``gsm``, ``lan``): a fire is told on two paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from domain.ids import Token
from domain.site import sms_template
from domain.site.labels import Settings
from domain.wording import CONTACT_PATTERN, HTTP_PATTERN, MAIL_PATTERN, VAPID_PATTERN

PerMinute = Annotated[int, Field(ge=1, le=6000)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Secret = Annotated[str | None, Field(repr=False)]
Url = Annotated[str, Field(pattern=HTTP_PATTERN, max_length=2000)]


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_TOPIC = 200

LIED_TO = {"dingtalk": "dingtalk", "wecombot": "wecom", "wecom": "wecom", "feishu": "feishu", "lark": "feishu"}
"""Schemes of Apprise whose platform says no with a 200, which Apprise takes for success, and our kind for them."""


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


class ServerChannel(BaseChannel):
    """What channels have that keep a connection to one server, by TLS unless told otherwise."""

    host: str = Field(min_length=1, max_length=253)
    security: TransportSecurity
    username: str | None = Field(default=None, max_length=320)
    password: Secret = None
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the system's")
    cert_file: Path | None = Field(default=None, description="our certificate, where the server asks for one")
    key_file: Path | None = Field(default=None, description="its key; absent when it stands in cert_file")

    @model_validator(mode="after")
    def _files_with_tls(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("'key_file' is nothing without 'cert_file' → write both, or neither")
        if (self.ca_file or self.cert_file) and self.security is TransportSecurity.NONE:
            raise ValueError("certificates are for TLS → set 'security', or remove them")
        if self.password is not None and self.username is None:
            raise ValueError("a password without a user name → write 'username' beside it, or neither")
        return self


class SmtpSettings(ServerChannel):
    """Mail. A password goes over TLS only, unless the server is this machine."""

    kind: Literal[ChannelKind.SMTP]
    port: Port = 587
    security: TransportSecurity = TransportSecurity.STARTTLS
    sender: str = Field(max_length=254, pattern=MAIL_PATTERN, description="address that the mail comes from")
    timeout_s: float = Field(default=20.0, gt=0, le=60)

    @model_validator(mode="after")
    def _no_password_in_clear(self) -> Self:
        if self.password is not None and self.security is TransportSecurity.NONE and self.host not in LOOPBACK:
            raise ValueError("a password would go over the network in clear → set 'security: starttls', or 'tls'")
        return self


class MqttSettings(ServerChannel):
    """A topic of a broker: for sirens, signs and other systems on the premises."""

    kind: Literal[ChannelKind.MQTT]
    port: Port = 1883
    security: Literal[TransportSecurity.NONE, TransportSecurity.TLS] = TransportSecurity.NONE
    version: Literal["5", "3.1.1"] = Field(
        default="5", description="of the protocol; with 3.1.1 a broker can't say that it refused a message"
    )
    topic: str = Field(
        default="fengsui/notify/{unit}/{class}",
        min_length=1,
        max_length=200,
        description="template of {unit} {class} {person} {level}",
    )
    retain: bool = Field(default=False, description="the broker keeps the newest message for who subscribes later")
    needs_subscriber: bool = Field(
        default=False, description="a message that nobody subscribes to is tried again, then given up (version 5)"
    )
    per_minute: PerMinute = 600
    path: Token = "lan"

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return "5" if value in (5, 5.0) and not isinstance(value, bool) else value

    @field_validator("topic")
    @classmethod
    def _one_topic(cls, value: str) -> str:
        rest = re.sub(r"\{(unit|class|person|level)\}", "x", value)
        if any(sign in rest for sign in "{}+#\0") or rest.startswith("$") or len(value.encode()) > MOST_TOPIC:
            raise ValueError(
                "is no topic to publish on → write names and / only, with {unit} {class} {person} {level} where wanted"
            )
        return value


class WebPushSettings(BaseChannel):
    """Notifications of a browser or an installed page (RFC 8030, VAPID); people subscribe on their phone page."""

    kind: Literal[ChannelKind.WEB_PUSH]
    contact: str = Field(pattern=CONTACT_PATTERN, max_length=254, description="whom a push service may turn to")
    key: Annotated[str, Field(pattern=VAPID_PATTERN)] | None = Field(
        default=None, repr=False, description="VAPID private key; made at the first start when absent"
    )
    services: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")], ...] = Field(
        default=(
            "fcm.googleapis.com",
            ".push.services.mozilla.com",
            ".push.apple.com",
            ".notify.windows.com",
        ),
        description="hosts of push services that a phone may name; a leading dot takes all below it",
    )
    per_minute: PerMinute = 300


class AppriseSettings(BaseChannel):
    """Anything that the Apprise library can reach. Its word is weak: it reports what its plug-in takes for success."""

    kind: Literal[ChannelKind.APPRISE]
    url: str = Field(min_length=3, max_length=2000, repr=False, description="an Apprise address, often with a secret")
    timeout_s: float = Field(default=20.0, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _not_one_of_ours(cls, value: str) -> str:
        scheme, mark, _ = value.partition("://")
        if not mark or re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) is None:
            raise ValueError("is no Apprise address → write it as <service>://…, as Apprise's documents show")
        kind = LIED_TO.get(scheme.lower())
        if kind is not None:
            raise ValueError(
                f"Apprise reports success for messages that this platform refused → use 'kind: {kind}' instead"
            )
        return value


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
