"""From documents to a `Registry`: model checks, then cross-references, every problem collected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from domain.documents import Document, Path, nearest, problems_of
from domain.errors import ConfigurationError, Problem
from domain.points import Point, PointTable
from domain.site.models import (
    Connection,
    DeviceSettings,
    GatewaySettings,
    Labels,
    Profile,
    ProfilePoint,
    Settings,
    SiteSettings,
)
from domain.site.registry import Device, Registry, Zone

M = TypeVar("M", bound=Settings)

STEP_ROLES = {"responsible", "safety_manager", "supervisors"}
"""Words that an escalation step may use instead of a person's id."""


def build_registry(
    site: Document, gateways: Sequence[Document], profiles: Sequence[Document], known_protocols: Iterable[str] = ()
) -> Registry:
    """Check and resolve a site; raises `ConfigurationError` with every problem found.

    ``known_protocols`` are those the gateway has connectors for; empty means "do not check".
    """
    return _Builder(site, gateways, profiles, frozenset(known_protocols)).build()


class _Builder:
    """Collects problems over all files before giving up, so that one run shows them all."""

    def __init__(
        self, site: Document, gateways: Sequence[Document], profiles: Sequence[Document], protocols: frozenset[str]
    ) -> None:
        self._site_doc = site
        self._gateway_docs = gateways
        self._profile_docs = profiles
        self._protocols = protocols
        self._problems: list[Problem] = []
        self._zones: dict[str, Zone] = {}
        self._devices: dict[str, Device] = {}
        self._points: list[Point] = []
        self._labels: dict[str, Labels] = {}

    def build(self) -> Registry:
        site = self._model(SiteSettings, self._site_doc)
        profiles = self._profiles()
        gateways = [(doc, found) for doc in self._gateway_docs if (found := self._model(GatewaySettings, doc))]
        if site is None:
            raise ConfigurationError(self._problems)
        self._check_site(site)
        resolved: dict[str, GatewaySettings] = {}
        for doc, gateway in gateways:
            self._gateway(doc, gateway, site, profiles, resolved)
        table = self._table(site)
        if self._problems:
            raise ConfigurationError(self._problems)
        return Registry(
            site=site,
            units={unit.id: unit for unit in site.units},
            zones=self._zones,
            gateways=resolved,
            devices=self._devices,
            people={person.id: person for person in site.people},
            profiles=profiles,
            points=table,
            point_labels=self._labels,
        )

    def _model(self, model: type[M], doc: Document) -> M | None:
        try:
            return model.model_validate(doc.data)
        except ValidationError as error:
            self._problems += problems_of(error, doc, known=_field_names(model))
            return None

    def _profiles(self) -> dict[str, Profile]:
        found: dict[str, Profile] = {}
        for doc in self._profile_docs:
            profile = self._model(Profile, doc)
            if profile is None:
                continue
            if profile.profile in found:
                self._add(doc, ("profile",), "this profile is defined twice", "rename one of the two")
            self._unique(doc, [((("points", at, "id")), point.id) for at, point in enumerate(profile.points)], "point")
            found[profile.profile] = profile
        return found

    def _check_site(self, site: SiteSettings) -> None:
        doc = self._site_doc
        people = {person.id for person in site.people}
        channels = {channel.id for channel in site.channels}
        self._unique(doc, [(("units", at, "id"), unit.id) for at, unit in enumerate(site.units)], "unit")
        self._unique(doc, [(("people", at, "id"), person.id) for at, person in enumerate(site.people)], "person")
        self._unique(doc, [(("channels", at, "id"), item.id) for at, item in enumerate(site.channels)], "channel")
        for at, person in enumerate(site.people):
            for slot, channel in enumerate(person.channels):
                self._exists(doc, ("people", at, "channels", slot), channel, channels, "channel")
        for number, policy in enumerate(site.escalation):
            for row, step in enumerate(policy.steps):
                for slot, target in enumerate(step.to):
                    path = ("escalation", number, "steps", row, "to", slot)
                    self._exists(doc, path, target, people | STEP_ROLES, "person")
        for at, unit in enumerate(site.units):
            if unit.safety_manager is not None:
                self._exists(doc, ("units", at, "safety_manager"), unit.safety_manager, people, "person")
            self._check_buildings(site, at, people)

    def _check_buildings(self, site: SiteSettings, at: int, people: set[str]) -> None:
        doc, unit = self._site_doc, site.units[at]
        self._unique(
            doc,
            [(("units", at, "buildings", b, "id"), building.id) for b, building in enumerate(unit.buildings)],
            "building",
        )
        for b, building in enumerate(unit.buildings):
            for z, settings in enumerate(building.zones):
                path: Path = ("units", at, "buildings", b, "zones", z)
                zone = Zone(unit=unit, building=building, settings=settings)
                if zone.key in self._zones:
                    self._add(
                        doc, (*path, "id"), f"zone id is used twice in unit '{unit.id}'", "give each zone its own id"
                    )
                self._zones[zone.key] = zone
                if settings.responsible is not None:
                    self._exists(doc, (*path, "responsible"), settings.responsible, people, "person")

    def _gateway(
        self,
        doc: Document,
        gateway: GatewaySettings,
        site: SiteSettings,
        profiles: dict[str, Profile],
        resolved: dict[str, GatewaySettings],
    ) -> None:
        key = f"{gateway.unit}/{gateway.gateway}"
        if not self._exists(doc, ("unit",), gateway.unit, {unit.id for unit in site.units}, "unit"):
            return
        if key in resolved:
            self._add(doc, ("gateway",), "this gateway is defined twice", "rename one of the two")
        resolved[key] = gateway
        self._unique(
            doc, [(("connections", c, "id"), item.id) for c, item in enumerate(gateway.connections)], "connection"
        )
        for c, connection in enumerate(gateway.connections):
            path: Path = ("connections", c)
            if self._protocols:
                self._exists(doc, (*path, "protocol"), connection.protocol, self._protocols, "protocol")
            for d, device in enumerate(connection.devices):
                self._device(doc, (*path, "devices", d), gateway, connection, device, profiles)

    def _device(
        self,
        doc: Document,
        path: Path,
        gateway: GatewaySettings,
        connection: Connection,
        settings: DeviceSettings,
        profiles: dict[str, Profile],
    ) -> None:
        zones = {zone.settings.id for zone in self._zones.values() if zone.unit.id == gateway.unit}
        fits = self._exists(doc, (*path, "zone"), settings.zone, zones, "zone")
        fits &= self._exists(doc, (*path, "profile"), settings.profile, profiles, "profile")
        key = f"{gateway.unit}/{settings.id}"
        if key in self._devices:
            self._add(
                doc, (*path, "id"), f"device id is used twice in unit '{gateway.unit}'", "give each device its own id"
            )
            return
        if not fits:
            return
        profile = profiles[settings.profile]
        if profile.protocol != connection.protocol:
            mend = f"use a profile for '{connection.protocol}', or move the device to a '{profile.protocol}' connection"
            self._add(
                doc,
                (*path, "profile"),
                f"profile speaks '{profile.protocol}', its connection '{connection.protocol}'",
                mend,
            )
        names = {point.id for point in profile.points}
        for name in settings.limits:
            self._exists(doc, (*path, "limits", name), name, names, "point")
        zone = self._zones[f"{gateway.unit}/{settings.zone}"]
        device = Device(gateway=gateway, connection=connection, settings=settings, profile=profile, zone=zone)
        self._devices[key] = device
        for point in profile.points:
            resolved = _resolve(device, point)
            self._points.append(resolved)
            self._labels[resolved.key] = point.labels
            if resolved.low is not None and resolved.high is not None and resolved.low >= resolved.high:
                at = (*path, "limits", point.id) if point.id in settings.limits else (*path, "profile")
                self._add(
                    doc, at, f"low limit {resolved.low} is not below high limit {resolved.high}", "swap or correct them"
                )

    def _table(self, site: SiteSettings) -> PointTable:
        try:
            return PointTable(self._points)
        except ValueError as error:
            self._add(self._site_doc, ("site",), str(error), "rename one of the points or devices")
            return PointTable([])

    def _unique(self, doc: Document, named: Sequence[tuple[Path, str]], what: str) -> None:
        seen: set[str] = set()
        for path, name in named:
            if name in seen:
                self._add(doc, path, f"{what} id is used twice", f"give each {what} its own id")
            seen.add(name)

    def _exists(self, doc: Document, path: Path, name: str, known: Iterable[str], what: str) -> bool:
        names = set(known)
        if name not in names:
            self._add(doc, path, f"no such {what}", nearest(name, names))
        return name in names

    def _add(self, doc: Document, path: Path, message: str, mend: str) -> None:
        self._problems.append(doc.problem(path, message, mend))


def _resolve(device: Device, point: ProfilePoint) -> Point:
    """Merge profile and device into the point that the platform knows; the device's limits win."""
    override = device.settings.limits.get(point.id)
    silence = point.max_silence_s or device.profile.max_silence_s
    return Point(
        unit=device.gateway.unit,
        gateway=device.gateway.gateway,
        device=device.settings.id,
        name=point.id,
        kind=point.kind,
        quantity=point.quantity,
        low=override.low if override and override.low is not None else point.low,
        high=override.high if override and override.high is not None else point.high,
        floor=point.floor,
        ceiling=point.ceiling,
        max_silence_s=override.max_silence_s if override and override.max_silence_s else silence,
        label_zh=point.labels.zh,
        label_en=point.labels.en,
    )


def _field_names(model: type[Settings]) -> set[str]:
    """Return the field names of a model and of the models in it, to suggest for an unknown key."""
    names: set[str] = set()
    pending: list[type[Settings]] = [model]
    while pending:
        for name, info in pending.pop().model_fields.items():
            if name in names:
                continue
            names.add(name)
            pending += [part for part in _models_in(info.annotation) if part is not model]
    return names


def _models_in(annotation: object) -> list[type[Settings]]:
    """Return the settings models that a type annotation mentions."""
    parts = [annotation, *getattr(annotation, "__args__", ())]
    return [part for part in parts if isinstance(part, type) and issubclass(part, Settings)]
