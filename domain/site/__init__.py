"""A site: what people write about premises, gateways and devices, checked and resolved.

Input: `Document`s of ``site.yaml``, ``gateways/*.yaml`` and ``profiles/*.yaml``.
Output: frozen models and the `Registry`, or a `ConfigurationError` that lists every problem.
"""

from domain.site.build import build_registry
from domain.site.channels import ChannelKind, ChannelSettings, TransportSecurity, WebhookSettings
from domain.site.duty import Absence, DutyChange, OnDuty, Roster, Shift, Turn
from domain.site.escalation import STEP_ROLES, EscalationPolicy, EscalationStep, Matter, Repeat, When
from domain.site.labels import Labels
from domain.site.models import (
    BackboneSettings,
    Building,
    Connection,
    DeviceSettings,
    GatewaySettings,
    LimitOverride,
    Person,
    Profile,
    ProfilePoint,
    RetentionSettings,
    Role,
    SiteSettings,
    StoreKind,
    StoreSettings,
    UnitSettings,
    ZoneSettings,
)
from domain.site.registry import Device, Registry, Transmitter, Zone
from domain.site.reports import PointOverride, ReportSettings
from domain.site.transmitters import (
    AnalogSettings,
    ComponentSettings,
    EdgeDeviceSettings,
    FacilitySystemSettings,
    TransmitterSettings,
)
from domain.site.zone_kinds import ZoneKind

__all__ = [
    "STEP_ROLES",
    "Absence",
    "AnalogSettings",
    "BackboneSettings",
    "Building",
    "ChannelKind",
    "ChannelSettings",
    "ComponentSettings",
    "Connection",
    "Device",
    "DeviceSettings",
    "DutyChange",
    "EdgeDeviceSettings",
    "EscalationPolicy",
    "EscalationStep",
    "FacilitySystemSettings",
    "GatewaySettings",
    "Labels",
    "LimitOverride",
    "Matter",
    "OnDuty",
    "Person",
    "PointOverride",
    "Profile",
    "ProfilePoint",
    "Registry",
    "Repeat",
    "ReportSettings",
    "RetentionSettings",
    "Role",
    "Roster",
    "Shift",
    "SiteSettings",
    "StoreKind",
    "StoreSettings",
    "Transmitter",
    "TransmitterSettings",
    "TransportSecurity",
    "Turn",
    "UnitSettings",
    "WebhookSettings",
    "When",
    "Zone",
    "ZoneKind",
    "ZoneSettings",
    "build_registry",
]
