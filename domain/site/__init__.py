"""A site: what people write about premises, gateways and devices, checked and resolved.

Input: `Document`s of ``site.yaml``, ``gateways/*.yaml`` and ``profiles/*.yaml``.
Output: frozen models and the `Registry`, or a `ConfigurationError` that lists every problem.
"""

from domain.site.build import build_registry
from domain.site.channels import ChannelKind, ChannelSettings, TransportSecurity, WebhookSettings
from domain.site.labels import Labels
from domain.site.models import (
    BackboneSettings,
    Building,
    Connection,
    DeviceSettings,
    EscalationPolicy,
    EscalationStep,
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
    ZoneKind,
    ZoneSettings,
)
from domain.site.premises import STEP_ROLES
from domain.site.registry import Device, Registry, Transmitter, Zone
from domain.site.reports import PointOverride, ReportSettings
from domain.site.transmitters import (
    AnalogSettings,
    ComponentSettings,
    EdgeDeviceSettings,
    FacilitySystemSettings,
    TransmitterSettings,
)

__all__ = [
    "STEP_ROLES",
    "AnalogSettings",
    "BackboneSettings",
    "Building",
    "ChannelKind",
    "ChannelSettings",
    "ComponentSettings",
    "Connection",
    "Device",
    "DeviceSettings",
    "EdgeDeviceSettings",
    "EscalationPolicy",
    "EscalationStep",
    "FacilitySystemSettings",
    "GatewaySettings",
    "Labels",
    "LimitOverride",
    "Person",
    "PointOverride",
    "Profile",
    "ProfilePoint",
    "Registry",
    "ReportSettings",
    "RetentionSettings",
    "Role",
    "SiteSettings",
    "StoreKind",
    "StoreSettings",
    "Transmitter",
    "TransmitterSettings",
    "TransportSecurity",
    "UnitSettings",
    "WebhookSettings",
    "Zone",
    "ZoneKind",
    "ZoneSettings",
    "build_registry",
]
