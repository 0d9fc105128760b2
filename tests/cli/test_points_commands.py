"""``fengsui points``: what installers hand in, every wrong row told, and nothing written before all is right."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.point_columns import COLUMNS
from cli.site_files import load_registry
from cli.yaml_writer import yaml_text
from domain.site.itself import SUFFIX
from tests.cli.test_point_lists import SITE

ROOT = Path(__file__).parents[2]

HEAD = [
    "单位",
    "网关",
    "连接",
    "线路",
    "设备",
    "设备地址",
    "部位",
    "档案",
    "测点",
    "测点名称",
    "量",
    "寄存器",
    "数据类型",
    "比例",
    "死区",
]
GOOD = [
    ["inn", "gw", "line", "plc:1502", "m1", "1", "z1", "meter", "volts", "电压", "V", "0x2000", "f32", "", "1"],
    ["inn", "gw", "line", "", "m1", "1", "z1", "meter", "watts", "功率", "W", "8196", "f32", "1000", ""],
    ["inn", "gw", "line", "", "m2", "2", "z2", "meter", "volts", "电压", "V", "8192", "f32", "", "1"],
    ["inn", "gw", "line", "", "m2", "2", "z2", "meter", "watts", "功率", "W", "8196", "f32", "1000", ""],
]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["points", *map(str, words)])


def bare_site(folder: Path) -> Path:
    site = folder / "site"
    site.mkdir()
    (site / "site.yaml").write_text(yaml_text(SITE), "utf-8")
    return site


def listed(folder: Path, rows: Sequence[Sequence[str]], head: Sequence[str] = HEAD) -> Path:
    path = folder / "list.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def changed(row: int, column: str, value: str) -> list[list[str]]:
    rows = [list(one) for one in GOOD]
    rows[row][HEAD.index(column)] = value
    return rows


def test_an_installers_list_becomes_a_site_that_is_right(tmp_path: Path) -> None:
    site, out = bare_site(tmp_path), tmp_path / "new"
    result = run("import", listed(tmp_path, GOOD), site, "--out", out, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "2 devices with 4 points, all right" in result.output
    shutil.copytree(out, site, dirs_exist_ok=True)
    registry = load_registry(site)
    meter = registry.devices["inn/m2"]
    assert meter.connection.settings == {"host": "plc", "port": 1502}
    assert [point.read for point in meter.profile.points] == [
        {"address": 8192, "type": "f32"}, {"address": 8196, "type": "f32", "scale": 1000}
    ]  # fmt: skip
    assert meter.profile.points[0].labels.zh == "电压"
    assert meter.report_of(meter.profile.points[0]).deadband == 1
    assert (out / "profiles" / "meter.yaml").read_text("utf-8").count("\n") < 12, "as people write it"


WRONG = [
    (0, "寄存器", "40001.5", "must be a whole number → write digits only, without a fraction"),
    (1, "比例", "1,5", "must be a number → write a number such as 2.5"),
    (2, "测点", "v olts", "not an id → use 1 to 64"),
    (2, "量", "Volt", "not one of the known words → "),
    (3, "部位", "", "is missing → fill in the cell"),
    (1, "比例", "=A1*2", "a formula is not calculated → copy the cell and paste it as a value"),
    (1, "测点名称", "${HOME}", "'${' would be filled in by the environment → write it without '${'"),
    (3, "寄存器", "9000", "differs from row 3, which is of the same profile and point → write the same"),
    (3, "设备地址", "3", "differs from row 4, which is of the same device → write the same in both rows"),
    (3, "测点", "volts", "this point stands twice → remove one of the two rows"),
    (2, "部位", "z9", "list.csv:5: differs from row 4, which is of the same device"),
    (0, "线路", "", "list.csv:2: the site has no such connection → write where it leads in the column 'line'"),
]


@pytest.mark.parametrize(("row", "column", "value", "told"), WRONG)
def test_a_wrong_cell_is_told_and_nothing_is_written(
    tmp_path: Path, row: int, column: str, value: str, told: str
) -> None:
    site, out = bare_site(tmp_path), tmp_path / "new"
    path = listed(tmp_path, changed(row, column, value))
    result = run("import", path, site, "--out", out, "--lang", "en")
    assert result.exit_code == 1, result.output
    place, _, rest = told.partition(" ") if told.startswith("list.csv") else (f"list.csv:{row + 2}: {column}", "", told)
    assert any(one.startswith(place) and rest in one for one in result.output.splitlines()), result.output
    assert not out.exists()
    chinese = run("import", path, site, "--out", out, "--lang", "zh").output
    assert all(re.search(r"[一-鿿]", one.split(" → ")[-1]) for one in chinese.splitlines()), chinese


WHOLE = [
    ({(0, "部位"): "z9", (1, "部位"): "z9"}, "list.csv:2: 部位 (is 'z9'): no such zone → use one of: z1, z2"),
    (
        {(0, "数据类型"): "f33", (2, "数据类型"): "f33"},
        "list.csv:2: 数据类型 (is 'f33'): not one of the known words → did",
    ),
    (
        {(0, "量"): "kPa", (2, "量"): "kPa", (0, "寄存器"): "70000", (2, "寄存器"): "70000"},
        "寄存器 (is '70000'): too large",
    ),
    ({(at, "设备地址"): "999" for at in (0, 1)}, "list.csv:2: 设备地址 (is '999'): a Modbus unit id is a number from"),
    ({(at, "设备地址"): "1" for at in (2, 3)}, "list.csv:4: 设备地址 (is '1'): this unit id is used twice"),
    ({(0, "死区"): "-1", (2, "死区"): "-1"}, "list.csv:2: 死区 (is '-1'): too small → write 0 or more"),
]


@pytest.mark.parametrize(("cells", "told"), WHOLE)
def test_what_only_the_whole_site_shows_is_told_at_its_cell_too(
    tmp_path: Path, cells: dict[tuple[int, str], str], told: str
) -> None:
    rows = [list(one) for one in GOOD]
    for (row, column), value in cells.items():
        rows[row][HEAD.index(column)] = value
    site = bare_site(tmp_path)
    result = run("import", listed(tmp_path, rows), site, "--out", tmp_path / "new", "--lang", "en")
    assert result.exit_code == 1
    assert any(told in one for one in result.output.splitlines()), result.output
    assert not (tmp_path / "new").exists()


def test_all_wrong_rows_are_told_in_one_go_and_as_json(tmp_path: Path) -> None:
    rows = [[*one[:11], "x", *one[12:]] for one in GOOD]
    site = bare_site(tmp_path)
    result = run("import", listed(tmp_path, rows), site, "--out", tmp_path / "new", "--json", "--lang", "en")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [(one["line"], one["field"], one["value"]) for one in found] == [
        (at, "寄存器", "'x'") for at in (2, 3, 4, 5)
    ]


def test_headings_that_are_missing_wrong_or_double_are_told(tmp_path: Path) -> None:
    head = [
        "单位",
        "网关",
        "连接",
        "线路",
        "设备",
        "设备地址",
        "区域部位",
        "档案",
        "point",
        "测点",
        "量",
        "寄存器",
        "类",
        "比例",
        "死区",
    ]
    site = bare_site(tmp_path)
    output = run("import", listed(tmp_path, GOOD, head), site, "--out", tmp_path / "n", "--lang", "en").output
    assert "区域部位 (is '区域部位'): no such column → did you mean '部位'?" in output
    assert "this column stands twice → remove one of the two" in output
    assert "zone: is missing → add a column 'zone'" in output


def test_a_list_changes_what_it_names_and_leaves_the_rest(tmp_path: Path) -> None:
    site = shutil.copytree(ROOT / "examples" / "hotel", tmp_path / "hotel")
    path = tmp_path / "p.xlsx"
    assert run("export", site, "--out", path).exit_code == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = [cell.value for cell in sheet[1]]
    device, connection, high = (head.index(one) for one in ("设备", "连接", "上限"))
    for row in range(sheet.max_row, 1, -1):
        cells = sheet[row]
        if cells[connection].value != "water-line" or cells[device].value == "pressure-6":
            sheet.delete_rows(row)
        elif cells[device].value == "pressure-1":
            cells[high].value = 900
    book.save(path)
    out = tmp_path / "new"
    result = run("import", path, site, "--out", out, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["devices_left_out"] == ["hotel/pressure-6"]
    assert found["profiles_as_before"] == ["qdy30a_pressure"]
    shutil.copytree(out, site, dirs_exist_ok=True)
    registry = load_registry(site)
    highs = {
        name: registry.points[registry.points.index(f"hotel/{name}/pressure")].high
        for name in ("pressure-1", "pressure-2")
    }
    assert highs == {"pressure-1": 900, "pressure-2": 1200}
    assert "hotel/pressure-6" not in registry.devices
    assert "hotel/meter-6" in registry.devices


def test_gateways_of_one_id_in_two_units_get_files_of_their_own_and_changed_profiles_are_told(tmp_path: Path) -> None:
    site = bare_site(tmp_path)
    unit = SITE["units"][0]  # type: ignore[index]  # a plain document
    (site / "site.yaml").write_text(yaml_text({**SITE, "units": [unit, {**unit, "id": "annex"}]}), "utf-8")
    rows = [*GOOD, *(["annex", *one[1:]] for one in GOOD)]
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("import", listed(tmp_path, rows), site, "--out", first).exit_code == 0
    shutil.copytree(first, site, dirs_exist_ok=True)
    read = {key for key in load_registry(site).devices if not key.endswith(SUFFIX)}
    assert read == {"inn/m1", "inn/m2", "annex/m1", "annex/m2"}
    rows = [[*one[:13], "0.5", one[14]] for one in GOOD]
    found = json.loads(run("import", listed(tmp_path, rows), site, "--out", second, "--json").stdout)
    assert found["devices_of_changed_profiles"] == ["annex/m1", "annex/m2"]


def test_export_chooses_and_tells(tmp_path: Path) -> None:
    site = ROOT / "examples" / "hotel"
    rows = json.loads(run("export", site, "--json").stdout)
    assert {row["gateway"] for row in rows} == {"gw-east"}
    assert run("export", site, "--json", "--gateway", "nobody").exit_code == 1
    assert run("export", site).exit_code == 2
    assert run("export", site, "--out", tmp_path / "a.txt").exit_code == 2
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert run("import", listed(tmp_path, GOOD), site, "--out", tmp_path / "full").exit_code == 2


def test_transmitters_are_in_the_list_and_passed_over_by_the_import(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    site = ROOT / "examples" / "district"
    assert run("export", site, "--out", path, "--lang", "en").exit_code == 0
    assert "gb26875" in path.read_text("utf-8-sig")
    result = run("import", path, site, "--out", tmp_path / "new", "--lang", "en")
    assert result.exit_code == 1
    assert "no row of a device → add a row for each point of each device" in result.output


def test_columns_are_explained_and_their_headings_are_unlike(tmp_path: Path) -> None:
    assert all(one.zh in run("columns").output.replace("\n", "") for one in COLUMNS if len(one.zh) <= 2)
    assert len(json.loads(run("columns", "--json").stdout)) == len(COLUMNS)
    for language in ("zh", "en"):
        assert len({one.heading(language) for one in COLUMNS}) == len(COLUMNS)
    del tmp_path
