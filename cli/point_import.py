"""A point list and the site it is for → profile and gateway files, or every problem of the list; nothing in between.

Whole or not at all: a list with one wrong row makes no file, because a device that lacks a point looks like one that
is well. The list is the truth for each connection that it names: devices of it that have no row are left out, and
told. Other connections of the same gateway, and all settings, stay as the site's files have them, ``${NAME}`` too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cli.point_cells import Entry, ListedDocument, Sheet, first_of, read_entries, same
from cli.point_columns import REPORT
from cli.point_export import line_of
from cli.point_profiles import LIMITS, ProfileDraft, draft_profile
from cli.sheets import read_sheet
from cli.site_files import SiteDocuments
from cli.yaml_writer import AsWritten, yaml_text
from domain.documents import Document, gathered
from domain.documents import Path as FieldPath
from domain.errors import ConfigurationError, Problem
from domain.site import Profile, Registry, build_registry
from domain.templates import REPEAT, expanded
from gateway.check import PROTOCOLS, check_site

DEVICE_COLUMNS = ("protocol", "line", "address", "parts", "zone", "device_zh", "device_en", "tags", "profile")
LISTED = ("modbus_tcp", "mqtt_json")
"""Protocols whose devices are written as such; components of transmitters stand in their own blocks."""

Key = tuple[str, str, str, str]
"""Unit, gateway, connection, device."""


@dataclass(slots=True)
class Imported:
    """What a list became: files by name, the site as it will be, and what its author should know."""

    registry: Registry
    files: dict[str, str]
    devices: int
    points: int
    left_out: list[str] = field(default_factory=list)
    passed_over: int = 0
    reused: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    """Devices that are not in the list, but of a profile that it changes."""


def import_points(path: Path, documents: SiteDocuments, raw_gateways: Mapping[str, Document]) -> Imported:
    """Return the files that a list makes; raises `ConfigurationError` with every problem found.

    ``documents`` is the site as it is, its gateways maybe none; ``raw_gateways`` their files as they were read, before
    repeats were written out, by ``unit/gateway``.
    """
    sheet = read_entries(path.name, read_sheet(path))
    entries = [one for one in sheet.entries if one.get("protocol") in (None, *LISTED)]
    devices: dict[Key, list[Entry]] = {}
    for entry in entries if not sheet.problems else ():
        unit, gateway, connection, device = (entry.get(one) for one in ("unit", "gateway", "connection", "device"))
        devices.setdefault((unit, gateway, connection, device), []).append(entry)
    for rows in devices.values():
        same(sheet, rows, DEVICE_COLUMNS, "device")
    if not devices and not sheet.problems:
        sheet.problem(1, "point", None, "no row of a device", "add a row for each point of each device")
    _stop(sheet.problems)
    drafts = _drafts(sheet, devices, documents)
    _stop(sheet.problems)
    found = _assembled(sheet, devices, drafts, documents, raw_gateways)
    found.passed_over = len(sheet.entries) - len(entries)
    return found


def _stop(problems: Sequence[Problem]) -> None:
    if problems:
        raise ConfigurationError(gathered(problems))


def _drafts(sheet: Sheet, devices: Mapping[Key, list[Entry]], documents: SiteDocuments) -> dict[str, ProfileDraft]:
    known: dict[str, Profile] = {}
    for document in documents.profiles:
        try:
            profile = Profile.model_validate(document.data)
        except ValueError:
            continue  # a broken one is told when the whole is checked
        known[profile.profile] = profile
    by_profile: dict[str, dict[str, list[Entry]]] = {}
    usual_s: dict[str, float | None] = {}
    for key, rows in devices.items():
        by_profile.setdefault(rows[0].get("profile"), {})["/".join(key)] = rows
        usual_s["/".join(key)] = _usual(rows)
    return {name: draft_profile(sheet, name, rows, usual_s, known.get(name)) for name, rows in by_profile.items()}


def _usual(rows: Sequence[Entry]) -> float | None:
    """Return the period of most rows that have one."""
    said = Counter(row.get("period_s") for row in rows if row.get("period_s") is not None)
    return said.most_common(1)[0][0] if said else None


def _assembled(
    sheet: Sheet,
    devices: Mapping[Key, list[Entry]],
    drafts: Mapping[str, ProfileDraft],
    documents: SiteDocuments,
    raw_gateways: Mapping[str, Document],
) -> Imported:
    gateways: dict[str, _GatewayDraft] = {}
    taken = {one.file for one in raw_gateways.values()}
    for key, rows in devices.items():
        name = f"{key[0]}/{key[1]}"
        if name not in gateways:
            raw = raw_gateways.get(name)
            file = raw.file if raw is not None else _free_file(key[0], key[1], taken)
            gateways[name] = _GatewayDraft(sheet, key[0], key[1], raw, file)
            taken.add(file)
        gateways[name].add(key, rows, drafts[rows[0].get("profile")])
    _stop(sheet.problems)
    kept = [one for one in documents.gateways if f"{one.value(('unit',))}/{one.value(('gateway',))}" not in gateways]
    profiles = [one for one in documents.profiles if one.value(("profile",)) not in drafts]
    by_name = {str(one.value(("profile",))): one for one in documents.profiles}
    for name, draft in drafts.items():
        document = ListedDocument(file=sheet.name, data=draft.data, sheet=sheet, cells=draft.cells)
        profiles.append(by_name[name] if draft.is_known else document)
    together = [*kept, *(one.document() for one in gateways.values())]
    registry = build_registry(
        documents.site,
        together,
        profiles,
        PROTOCOLS,
        calendars=documents.calendars,
        read_plan=documents.read_plan,
    )
    _stop(check_site(registry, together, profiles))
    files = {one.file: yaml_text(one.written) for one in gateways.values()}
    for name, draft in drafts.items():
        if not draft.is_known:
            own = by_name.get(name)
            own_file = own.file if own is not None and own.file.startswith("profiles/") else f"profiles/{name}.yaml"
            files[own_file] = yaml_text(draft.data)
    listed_keys = {f"{key[0]}/{key[3]}" for key in devices}
    changed = {name for name, draft in drafts.items() if not draft.is_known}
    others = [one for key, one in registry.devices.items() if key not in listed_keys]
    return Imported(
        registry=registry,
        files=files,
        devices=len(devices),
        points=sum(map(len, devices.values())),
        left_out=sorted(name for one in gateways.values() for name in one.left_out()),
        reused=sorted(set(drafts) - changed),
        touched=sorted(one.key for one in others if one.profile.profile in changed),
    )


def _free_file(unit: str, gateway: str, taken: Collection[str]) -> str:
    """Return a name for a new gateway's file; gateways of two units may have one id."""
    file = f"gateways/{gateway}.yaml"
    return file if file not in taken else f"gateways/{unit}-{gateway}.yaml"


class _GatewayDraft:
    """One gateway's file in the making: ``written`` as it will be, ``data`` with the environment filled in."""

    def __init__(self, sheet: Sheet, unit: str, gateway: str, raw: Document | None, file: str) -> None:
        self.file = file
        self._sheet = sheet
        self._unit = unit
        labels = {"zh": gateway, "en": gateway}
        empty = {"gateway": gateway, "unit": unit, "labels": labels, "connections": []}
        self._base = _plain(raw) if raw is not None else Document(file=sheet.name, data=empty)
        self._data = dict(self._base.data)
        self.written: dict[str, Any] = _as_written(self._base, self._base.data, ())
        self._data["connections"] = [dict(one) for one in self._data["connections"]]
        self.written["connections"] = [dict(one) for one in self.written["connections"]]
        self._cells: dict[FieldPath, tuple[Entry, str]] = {}
        self._listed: dict[str, int] = {}
        self._before: dict[str, set[str]] = {}
        self._spots: dict[tuple[str, str, str], Any] = {}
        """Where a device of a connection stands on its floor's plan: a list does not say it, so it stays."""

    def add(self, key: Key, rows: Sequence[Entry], draft: ProfileDraft) -> None:
        """Add a device with what it does otherwise than its profile."""
        at = self._connection(key[2], rows)
        connection = self._data["connections"][at]
        period_s = connection.get("period_s", 1.0)
        device = _device(key, rows, connection["protocol"], draft)
        usual = _usual(rows)
        if usual is not None and usual != period_s:
            device["period_s"] = usual
        spot = self._spots.get((key[2], str(device["id"]), str(device.get("zone"))))
        if spot is not None:
            device["at"] = spot
        path: FieldPath = ("connections", at, "devices", len(connection["devices"]))
        self._note(path, rows, device)
        connection["devices"].append(device)
        self.written["connections"][at]["devices"].append(device)

    def _connection(self, name: str, rows: Sequence[Entry]) -> int:
        """Return where a connection stands; the first device of one empties what the site had of it."""
        if name in self._listed:
            return self._listed[name]
        ids = [one.get("id") for one in self._data["connections"]]
        if name in ids:
            at = ids.index(name)
            self._check_line(self._data["connections"][at], rows[0])
            devices = expanded(replace(self._base, data=self._data)).data["connections"][at].get("devices", [])
            self._before[name] = {str(one.get("id")) for one in devices}
            self._spots |= {
                (name, str(one.get("id")), str(one.get("zone"))): one["at"] for one in devices if "at" in one
            }
            for side in (self._data, self.written):
                side["connections"][at]["devices"] = []
        else:
            at = len(ids)
            made = self._new_connection(name, rows)
            self._data["connections"].append({**made, "devices": []})
            self.written["connections"].append({**made, "devices": []})
        self._listed[name] = at
        self._cells["connections", at] = rows[0], "connection"
        self._cells["connections", at, "settings"] = rows[0], "line"
        return at

    def _new_connection(self, name: str, rows: Sequence[Entry]) -> dict[str, Any]:
        protocol = first_of(rows, "protocol") or LISTED[0]
        made: dict[str, Any] = {"id": name, "protocol": protocol}
        usual = _usual(rows)
        if usual is not None and protocol == "modbus_tcp":
            made["period_s"] = usual
        line = first_of(rows, "line")
        if line is None:
            mend = "write where it leads in the column 'line': host:port, or the serial port"
            self._sheet.problem(rows[0].row, "connection", name, "the site has no such connection", mend)
            return made
        made["settings"] = _settings(line)
        return made

    def _check_line(self, connection: Mapping[str, Any], entry: Entry) -> None:
        line = entry.get("line")
        known = line_of(connection.get("settings", {}))
        if line is not None and line != known:
            mend = "leave the cell empty; the settings of a known connection stand in the gateway's file"
            self._sheet.problem(entry.row, "line", line, f"this connection leads to {known}", mend)
        protocol = entry.get("protocol")
        if protocol is not None and protocol != connection.get("protocol"):
            message = f"this connection speaks '{connection.get('protocol')}'"
            self._sheet.problem(entry.row, "protocol", protocol, message, "write that, or another connection")

    def _note(self, path: FieldPath, rows: Sequence[Entry], device: Mapping[str, Any]) -> None:
        first = rows[0]
        named = {"id": "device", "period_s": "period_s"} | {
            one: one for one in ("profile", "zone", "address", "parts", "tags")
        }
        self._cells[path] = first, "device"
        self._cells |= {(*path, key): (first, column) for key, column in named.items()}
        self._cells |= {(*path, "labels", one): (first, f"device_{one}") for one in ("zh", "en")}
        by_point = {row.get("point"): row for row in rows}
        for block in ("limits", "points"):
            for point in device.get(block, {}):
                self._note_override((*path, block, point), by_point[point])

    def _note_override(self, path: FieldPath, row: Entry) -> None:
        self._cells[path] = row, "point"
        self._cells |= {(*path, column): (row, column) for column in (*LIMITS, "period_s")}
        self._cells |= {(*path, "report", field): (row, column) for column, field in REPORT.items()}

    def document(self) -> Document:
        """Return it as a document for the check, its problems told at their cells."""
        listed = ListedDocument(
            file=self._base.file, data=self._data, lines=self._base.lines, written=self._base.written,
            sheet=self._sheet, cells=self._cells,
        )  # fmt: skip
        return expanded(listed)

    def left_out(self) -> list[str]:
        """Return the devices that the site has on a listed connection and the list has not."""
        found = []
        for name, before in self._before.items():
            now = {one["id"] for one in self._data["connections"][self._listed[name]]["devices"]}
            found += [f"{self._unit}/{one}" for one in before - now]
        return found


def _device(key: Key, rows: Sequence[Entry], protocol: str, draft: ProfileDraft) -> dict[str, Any]:
    zh, en = first_of(rows, "device_zh"), first_of(rows, "device_en")
    parts = first_of(rows, "parts")
    tags = first_of(rows, "tags")
    device: dict[str, Any] = {
        "id": key[3],
        "profile": draft.name,
        "address": _address(first_of(rows, "address"), protocol),
        "zone": first_of(rows, "zone"),
        "labels": {"zh": zh or en or key[3], "en": en or zh or key[3]},
    }
    if parts:
        device["parts"] = {name: _address(one, protocol) for name, one in parts.items()}
    if tags:
        device["tags"] = [one.strip() for one in tags.split(";") if one.strip()]
    for point, override in draft.overrides.get("/".join(key), {}).items():
        if "limits" in override:
            device.setdefault("limits", {})[point] = override["limits"]
        rest = {name: one for name, one in override.items() if name != "limits"}
        if rest:
            device.setdefault("points", {})[point] = rest
    return device


def _address(text: str, protocol: str) -> int | str:
    """Return a unit id as a number; a part of a topic is text whatever it looks like."""
    return int(text) if protocol == "modbus_tcp" and text.isascii() and text.isdigit() else text


def _settings(line: str) -> dict[str, Any]:
    """Return the settings of a line that nobody has written yet."""
    if line.startswith("/dev/"):
        return {"transport": "serial", "device": line}
    host, colon, port = line.rpartition(":")
    if not colon or not port.isdigit():
        return {"host": line}
    return {"host": host.strip("[]"), "port": int(port)}


def _plain(raw: Document) -> Document:
    """Return a gateway's file; where whole connections repeat they are written out, for one may be in the list."""
    connections = raw.data.get("connections", ())
    return expanded(raw) if any(isinstance(one, dict) and REPEAT in one for one in connections) else raw


def _as_written(document: Document, node: Any, path: FieldPath) -> Any:
    """Return data with the texts that the environment filled in, so that no secret goes from one file to the next."""
    if isinstance(node, dict):
        return {key: _as_written(document, value, (*path, key)) for key, value in node.items()}
    if isinstance(node, list):
        return [_as_written(document, value, (*path, at)) for at, value in enumerate(node)]
    inner = document.in_file(path)
    text = document.written.get(inner)
    return node if text is None else AsWritten(text, quoted=isinstance(node, str))
