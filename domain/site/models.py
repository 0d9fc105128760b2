"""The site folder as frozen models; unknown keys are refused.

Protocol-specific parts (`Connection.settings`, `DeviceSettings.address`, `ProfilePoint.read`,
`Profile.options`) stay plain here: the connector of that protocol owns and checks them.
Secrets never stand in these files in clear: a value may be ``${NAME}`` or ``${NAME:-default}``,
which the reader replaces from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from domain.ids import Token
from domain.points import PointKind
from domain.quantity import Quantity
from domain.site.channels import ChannelSettings
from domain.site.console import ConsoleSettings
from domain.site.duty import MOST_ABSENCES, Absence, Roster
from domain.site.escalation import MOST_POLICIES, EscalationPolicy, Target
from domain.site.hours import Span
from domain.site.labels import Labels, Settings
from domain.site.operators import OperatorSettings
from domain.site.record import RecordSettings
from domain.site.reports import MOST_S, PointOverride, ReportSettings
from domain.site.transmitters import TransmitterSettings
from domain.site.zone_kinds import ZoneKind
from domain.wording import HTTP_PATTERN, NATS_PATTERN


class Role(StrEnum):
    """What a person is to the platform."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    SAFETY_MANAGER = "safety_manager"
    UNIT_STAFF = "unit_staff"
    INSTALLER = "installer"


class ZoneSettings(Settings):
    """A place of a building, with the person who answers for it."""

    id: Token
    kind: ZoneKind
    floor: int = Field(ge=-20, le=200, description="1 = ground floor as signed in China; -1 = first basement")
    labels: Labels
    responsible: Token | None = None
    opening: tuple[Span, ...] | None = Field(default=None, description="opening hours; its unit's when absent")


class Building(Settings):
    """A building of a unit."""

    id: Token
    labels: Labels
    zones: tuple[ZoneSettings, ...] = ()


class UnitSettings(Settings):
    """A premises (单位)."""

    id: Token
    labels: Labels
    area: Token | None = Field(default=None, description="the group of units (street, district) that accounts name")
    safety_manager: Token | None = None
    maintenance_firm: Target | None = Field(default=None, description="a person, or the roster of the firm's own duty")
    opening: tuple[Span, ...] | None = Field(default=None, description="opening hours of its zones")
    buildings: tuple[Building, ...] = Field(min_length=1)


class Person(Settings):
    """Somebody who may be told, and by which channels, in order of preference."""

    id: Token
    labels: Labels
    role: Role
    language: Literal["zh", "en"] = Field(default="zh", description="what stands first in messages to them")
    channels: tuple[Token, ...] = ()
    phone: str | None = Field(
        default=None, pattern=r"^\+?[0-9][0-9 -]{2,24}$", repr=False, description="for short messages and calls"
    )
    email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", max_length=254, repr=False)
    addresses: Mapping[Token, str] = Field(
        default_factory=dict, description="channel -> address there, where it is neither phone nor email"
    )
    units: tuple[Token, ...] = Field(default=(), description="supervisors and operators: only these; all when absent")
    quiet: Span | None = Field(default=None, description="quiet hours: never for a fire, or what is critical")
    deputies: tuple[Token, ...] = Field(default=(), max_length=32, description="who stands in, the first who is there")
    absences: tuple[Absence, ...] = Field(default=(), max_length=MOST_ABSENCES)


class StoreKind(StrEnum):
    """Time-series stores."""

    DUCKDB = "duckdb"
    INFLUXDB1 = "influxdb1"
    INFLUXDB2 = "influxdb2"
    INFLUXDB3 = "influxdb3"
    VICTORIA_METRICS = "victoria_metrics"


class RetentionSettings(Settings):
    """How long a store keeps readings and what is made of them, in days; 0 keeps for ever.

    Assumptions, but for the year: records are kept for one at least (GB 25506-2010, as read in secondary texts).
    """

    raw_days: int = Field(default=90, ge=0, le=36_500)
    minute_days: int = Field(default=400, ge=0, le=36_500, description="roll-up of one minute")
    hour_days: int = Field(default=1_830, ge=0, le=36_500, description="roll-up of one hour")
    minute_name: Token = "1m"
    hour_name: Token = "1h"
    late_minutes: int = Field(
        default=15, ge=2, le=1_440, description="how far back the server's own roll-ups look for late readings"
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if self.minute_name == self.hour_name:
            raise ValueError("both roll-ups have one name → give 'minute_name' and 'hour_name' different names")
        return self


class StoreSettings(Settings):
    """Where readings are kept, and how long. All but ``kind`` and ``retention`` is for servers only."""

    kind: StoreKind = StoreKind.DUCKDB
    url: str | None = Field(default=None, pattern=HTTP_PATTERN)
    database: str = Field(default="fengsui", description="database (v1, v3) or bucket (v2)")
    org: str = Field(default="fengsui", description="v2 only")
    token: str | None = Field(default=None, repr=False, description="v1: user:password or a JWT")
    token_file: Path | None = Field(default=None, description="file that holds the token; read for each request")
    connections: int = Field(default=4, ge=1, le=32, description="requests at a time; a series keeps to one of them")
    compress: bool | None = Field(default=None, description="gzip; by default only to another machine")
    retention: RetentionSettings = RetentionSettings()

    @model_validator(mode="after")
    def _server_needs_url(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("'token' and 'token_file' are two tokens → keep one of them")
        if self.kind is not StoreKind.DUCKDB and self.url is None:
            msg = "an InfluxDB store needs its address → add 'url: http://host:8086' to 'store', or use 'kind: duckdb'"
            raise ValueError(msg)
        return self


class BackboneSettings(Settings):
    """NATS JetStream: embedded when ``url`` is absent.

    A cluster's servers are a list, or one text with commas between them, which is how they are kept; whichever
    answers is used. ``replicas`` are copies of every stream: 3 on a cluster of three, so that one may be lost.
    """

    url: str | None = Field(default=None, pattern=NATS_PATTERN)
    partitions: int = Field(default=4, ge=1, le=256)
    replicas: int = Field(default=1, ge=1, le=5)
    ca_file: Path | None = Field(default=None, description="TLS: certificates to trust instead of the system's")
    cert_file: Path | None = Field(default=None, description="TLS: our certificate, where the server asks for one")
    key_file: Path | None = Field(default=None, description="its key; absent when it stands in cert_file")

    @field_validator("url", mode="before")
    @classmethod
    def _servers_of_a_cluster(cls, value: object) -> object:
        """Join a list of addresses."""
        is_list = isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value)
        return ",".join(value) if is_list else value  # type: ignore[arg-type]  # a list of strings by now

    @model_validator(mode="after")
    def _certificates_are_for_a_server_of_others(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise ValueError("'key_file' is nothing without 'cert_file' → write both, or neither")
        if self.url is None and (self.ca_file or self.cert_file):
            raise ValueError("the embedded server listens on loopback without TLS → add 'url', or remove them")
        return self


class SiteSettings(Settings):
    """``site.yaml``."""

    site: Token
    labels: Labels
    timezone: str = "Asia/Shanghai"
    units: tuple[UnitSettings, ...] = Field(min_length=1)
    people: tuple[Person, ...] = ()
    channels: tuple[Annotated[ChannelSettings, Field(discriminator="kind")], ...] = ()
    rosters: tuple[Roster, ...] = Field(default=(), max_length=200)
    escalation: tuple[EscalationPolicy, ...] = Field(default=(), max_length=MOST_POLICIES)
    alerts: RecordSettings = RecordSettings()
    operators: OperatorSettings = OperatorSettings()
    console: ConsoleSettings = ConsoleSettings()
    store: StoreSettings = StoreSettings()
    backbone: BackboneSettings = BackboneSettings()


class LimitOverride(Settings):
    """Limits of one point of one device, over those of its profile (canonical quantity)."""

    low: float | None = None
    high: float | None = None
    max_silence_s: float | None = Field(default=None, gt=0)


class ProfilePoint(Settings):
    """A channel that every device of a profile has."""

    id: Token
    kind: PointKind = PointKind.MEASURE
    quantity: Quantity = Quantity.NONE
    word: Token | None = Field(default=None, description="the code table that explains a state word's bits")
    labels: Labels
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    max_silence_s: float | None = Field(default=None, gt=0)
    period_s: float | None = Field(default=None, gt=0, le=MOST_S, description="read this often, not as its device")
    part: Token | None = Field(default=None, description="it is read from this one of the device's parts")
    report: ReportSettings = ReportSettings()
    read: dict[str, Any] = Field(default_factory=dict)


class Profile(Settings):
    """``profiles/<name>.yaml``: what a model of device can tell and how it is asked."""

    profile: Token
    protocol: Token
    kind: Token = Field(description="device kind: the measurement's name in the store, what rules watch")
    labels: Labels
    source: str = Field(description="where the map comes from; 'assumption' where nobody published it")
    max_silence_s: float = Field(default=60.0, gt=0)
    report: ReportSettings = Field(default=ReportSettings(), description="for its measures; heartbeat_s for all points")
    options: dict[str, Any] = Field(default_factory=dict)
    points: tuple[ProfilePoint, ...] = Field(min_length=1)


class DeviceSettings(Settings):
    """A device on a connection. ``address`` is the protocol's own: a Modbus unit id, a topic part.

    ``parts`` has the addresses of points that come from elsewhere on the same connection, by the name that
    the profile gives them; ``points`` what single points (``"*"``: all) do otherwise than the profile says.
    """

    id: Token
    profile: Token
    zone: Token
    labels: Labels
    address: int | str
    period_s: float | None = Field(default=None, gt=0)
    parts: dict[Token, int | str] = Field(default_factory=dict)
    limits: dict[Token, LimitOverride] = Field(default_factory=dict)
    points: dict[str, PointOverride] = Field(default_factory=dict)
    tags: tuple[Token, ...] = ()


class Connection(Settings):
    """A line, socket or broker with the devices behind it."""

    id: Token
    protocol: Token
    period_s: float = Field(default=1.0, gt=0, le=3600)
    settings: dict[str, Any] = Field(default_factory=dict)
    devices: tuple[DeviceSettings, ...] = ()
    transmitters: tuple[TransmitterSettings, ...] = Field(
        default=(), description="edge nodes that call in on this connection, of any unit of the site"
    )


class HttpSettings(Settings):
    """The gateway's own HTTP face: health and metrics. ``port`` 0: a free one, which the status document tells."""

    host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: int = Field(default=0, ge=0, le=65535)
    token: str | None = Field(default=None, min_length=16, repr=False, description="bearer token; never in clear here")

    @model_validator(mode="after")
    def _others_need_a_token(self) -> Self:
        if self.token is None and self.host not in LOOPBACK:
            msg = "beyond this machine the HTTP face needs a token → add 'token: ${NAME}', or use 'host: 127.0.0.1'"
            raise ValueError(msg)
        return self


LOOPBACK = ("127.0.0.1", "localhost", "::1")


class GatewaySettings(Settings):
    """``gateways/<id>.yaml``. ``http: null``: no HTTP face."""

    gateway: Token
    unit: Token
    labels: Labels
    zone: Token | None = Field(default=None, description="where it hangs; the zone of its first device when absent")
    http: HttpSettings | None = HttpSettings()
    spool_bytes: int = Field(default=512 * 2**20, ge=2**20)
    spool_age_s: float = Field(default=14 * 86400, gt=0)
    connections: tuple[Connection, ...] = Field(min_length=1)
