"""Out and in again is the same site: a law over many sites, both kinds of file, and the hotel of the examples."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cli.point_cells import Sheet
from cli.point_export import point_rows, table
from cli.point_import import import_points
from cli.sheets import write_sheet
from cli.site_files import load_registry, read_list_site
from cli.yaml_documents import parse_document
from cli.yaml_writer import AsWritten, yaml_text
from domain.errors import ConfigurationError
from domain.points import PointKind
from domain.site import Device, ProfilePoint, Registry
from gateway.connectors import CONNECTORS

ROOT = Path(__file__).parents[2]
HEALTH = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Without shrinking: each example reads a site from disk three times."""

SITE = {
    "site": "inn",
    "labels": {"zh": "客栈", "en": "Inn"},
    "units": [
        {
            "id": "inn",
            "labels": {"zh": "客栈", "en": "Inn"},
            "buildings": [
                {
                    "id": "main",
                    "labels": {"zh": "主楼", "en": "Main"},
                    "zones": [
                        {"id": f"z{at}", "kind": "room", "floor": at, "labels": {"zh": "间", "en": "Room"}}
                        for at in (1, 2)
                    ],
                }
            ],
        }
    ],
}

text = st.text(alphabet="=+-@'\"#:{}[],|;… 中文火\\aÄé🔥<&>%!?*/0", min_size=1, max_size=20).map(
    lambda one: one if one.strip() else "空"
)
report = st.fixed_dictionaries(
    {},
    optional={
        "deadband": st.sampled_from([0, 0.5, 2]), "deadband_percent": st.sampled_from([0, 5]),
        "period_s": st.sampled_from([2, 5]), "heartbeat_s": st.sampled_from([7, 9]),
    },
)  # fmt: skip
override = st.fixed_dictionaries({}, optional={"report": report, "period_s": st.sampled_from([0.5, 3, 9])})


@st.composite
def profile_point(draw: st.DrawFn, at: int) -> dict[str, Any]:
    state = draw(st.booleans())
    low = draw(st.none() | st.integers(-10_000, 0).map(lambda one: one / 100))
    made: dict[str, Any] = {"id": f"p{at}", "labels": {"zh": draw(text), "en": draw(text)}}
    if state:
        made |= {"kind": "state", "word": "component_state", "report": draw(st.just({}) | st.just({"heartbeat_s": 4}))}
        read: dict[str, Any] = {"address": 10 * at, "bits": draw(st.none() | st.just([0, 3]))}
    else:
        made |= {
            "low": low,
            "high": draw(st.none() | st.integers(1, 99).map(float)),
            "quantity": "kPa",
            "report": draw(report),
        }
        made |= {"floor": draw(st.none() | st.just(-500.0)), "period_s": draw(st.none() | st.sampled_from([4.0, 1.0]))}
        read = {"address": 10 * at, "type": draw(st.sampled_from(["i16", "f32", "u32"])), "scale": 0.1}
        read |= {"order": draw(st.none() | st.just("CDAB")), "quantity": draw(st.none() | st.just("MPa"))}
        read |= {"sentinels": {65535: "not_installed"}} if read["type"] == "u32" else {}
    made["part"] = draw(st.none() | st.just("pump"))
    made["read"] = {key: value for key, value in read.items() if value is not None}
    return {key: value for key, value in made.items() if value is not None}


@st.composite
def site(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {"site": SITE}
    devices = []
    for number_of in range(draw(st.integers(1, 2))):
        points = [draw(profile_point(at)) for at in range(draw(st.integers(1, 4)))]
        name = f"model{number_of}"
        files[f"profiles/{name}"] = {
            "profile": name, "protocol": "modbus_tcp", "kind": "k", "labels": {"zh": draw(text), "en": "M"},
            "source": draw(text), "report": draw(report), "max_silence_s": 30,
            "options": draw(st.just({}) | st.just({"word_order": "CDAB", "bad": [7, [8, 9]]})), "points": points,
        }  # fmt: skip
        parts = sorted({point["part"] for point in points if "part" in point})
        for copy in range(draw(st.integers(1, 3))):
            measures = [point["id"] for point in points if point.get("kind") != "state"]
            device: dict[str, Any] = {
                "id": f"d{number_of}{copy}", "profile": name, "zone": draw(st.sampled_from(["z1", "z2"])),
                "labels": {"zh": draw(text), "en": draw(text)},
                "address": draw(st.sampled_from([10 * number_of + copy + 1, f"{10 * number_of + copy + 1}+4"])),
                "parts": dict.fromkeys(parts, 100 + 10 * number_of + copy),
                "tags": draw(st.just([]) | st.just(["roof", "old"])),
                "limits": {one: draw(st.just({"low": -200}) | st.just({"max_silence_s": 20})) for one in measures[:1]},
                "points": draw(st.just({}) | st.just({"*": {"report": {"period_s": 2}}}))
                | {one: draw(override) for one in measures[-1:]},
            }  # fmt: skip
            period_s = draw(st.none() | st.sampled_from([2.0, 1.0]))
            devices.append(device | ({"period_s": period_s} if period_s else {}))
    line = {"id": "line", "protocol": "modbus_tcp", "settings": {"host": "plc", "port": 502}, "devices": devices}
    files["gateways/gw"] = {
        "gateway": "gw", "unit": "inn", "labels": {"zh": "网关", "en": "Gateway"}, "connections": [line]
    }  # fmt: skip
    return files


def lay_out(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml_text(data), "utf-8")
    return folder


def meaning(registry: Registry) -> dict[str, Any]:
    """Everything that a process makes of a site's devices and points, however it was written."""
    return {
        point.key: (point, *_how_read(device, point.name))
        for point in registry.points
        if (device := registry.devices[f"{point.unit}/{point.device}"]).profile.protocol in CONNECTORS
    }


def _how_read(device: Device, name: str) -> tuple[Any, ...]:
    settings, profile = device.settings, device.profile
    point = next(one for one in profile.points if one.id == name)
    protocol = CONNECTORS[profile.protocol]
    return (
        profile.profile, profile.kind, protocol.options.model_validate(profile.options), device.connection.id,
        protocol.settings.model_validate(device.connection.settings), device.zone.key, settings.labels,
        str(device.address_of(point)), settings.parts, settings.tags, point.part,
        protocol.read.model_validate(point.read), device.period_s(point), _reported(device, point),
    )  # fmt: skip


def _reported(device: Device, point: ProfilePoint) -> tuple[Any, ...]:
    report = device.report_of(point)
    if point.kind is not PointKind.MEASURE:
        return (report.heartbeat_s,)
    bands = ((report.deadband or 0), (report.deadband_percent or 0)) if report.by_change else ()
    return report.by_change, bands, report.period_s, report.heartbeat_s


def out_and_in(folder: Path, suffix: str, language: str = "zh") -> Registry:
    """Export a site, import the list over it, put the files in place, and read the site again."""
    registry = load_registry(folder)
    written = folder.parent / f"points{suffix}"
    write_sheet(written, table(point_rows(registry), language))
    found = import_points(written, *read_list_site(folder))
    for name, content in found.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    again = load_registry(folder)
    assert meaning(found.registry) == meaning(again), "what was checked is what is read"
    return again


@settings(suppress_health_check=HEALTH, max_examples=10, phases=PHASES)
@given(site(), st.sampled_from(["zh", "en"]))
def test_out_and_in_is_the_same_site(tmp_path: Path, files: dict[str, Any], language: str) -> None:
    folder = lay_out(tmp_path / "site", files)
    before = meaning(load_registry(folder))
    assert meaning(out_and_in(folder, ".csv", language)) == before


@settings(suppress_health_check=HEALTH, max_examples=10, phases=PHASES)
@given(site())
def test_a_list_alone_makes_the_site_where_nothing_was(tmp_path: Path, files: dict[str, Any]) -> None:
    """Only what a list does not have is missing: names of models and where their maps come from."""
    folder = lay_out(tmp_path / "site", files)
    registry = load_registry(folder)
    write_sheet(tmp_path / "p.csv", table(point_rows(registry), "en"))
    bare = lay_out(tmp_path / "bare", {"site": SITE})
    found = import_points(tmp_path / "p.csv", *read_list_site(bare))
    assert meaning(found.registry) == meaning(registry)


@settings(suppress_health_check=HEALTH, max_examples=4, phases=PHASES)
@given(site())
def test_a_workbook_says_what_a_csv_says(tmp_path: Path, files: dict[str, Any]) -> None:
    folder = lay_out(tmp_path / "site", files)
    before = meaning(load_registry(folder))
    assert meaning(out_and_in(folder, ".xlsx")) == before


def spots_of(registry: Registry) -> dict[str, Any]:
    return {name: device.settings.at for name, device in registry.devices.items()}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_hotel_goes_out_and_in_and_its_secrets_stay_where_they_were(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENGSUI_SENSOR_PASSWORD", "hunter2")
    folder = shutil.copytree(ROOT / "examples" / "hotel", tmp_path / "hotel")
    before, spots = meaning(load_registry(folder)), spots_of(load_registry(folder))
    again = out_and_in(folder, suffix)
    assert meaning(again) == before
    assert spots_of(again) == spots, "where devices stand on their plans is not in a list, and stays"
    written = (folder / "gateways" / "gw-east.yaml").read_text("utf-8")
    assert "${FENGSUI_SENSOR_PASSWORD:-}" in written
    assert "hunter2" not in written
    assert b"hunter2" not in (tmp_path / f"points{suffix}").read_bytes()
    assert not (folder / "profiles").exists(), "profiles that come with the gateway are used as they are"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30).filter(lambda one: one.isprintable() and "${" not in one),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), values, min_size=1, max_size=5))
def test_what_is_written_as_yaml_is_read_as_the_same_data(data: dict[str, Any]) -> None:
    assert parse_document(yaml_text(data), "a.yaml", {}).data == data


def test_what_the_environment_fills_in_is_written_as_it_was() -> None:
    data = {"settings": {"port": AsWritten("${PORT:-5}", quoted=False), "user": AsWritten("${U:-}", quoted=True)}}
    assert parse_document(yaml_text(data), "a.yaml", {}).data == {"settings": {"port": 5, "user": ""}}


def test_an_empty_list_is_told() -> None:
    sheet = Sheet("a.csv")
    sheet.problem(1, "point", None, "the list is empty", "begin")
    assert str(ConfigurationError(sheet.problems)) == "a.csv:1: point: the list is empty → begin"
