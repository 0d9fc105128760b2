"""The blocks of docs/points.md are a site that passes the check, and mean what the text says."""

from __future__ import annotations

import re
from pathlib import Path

from cli.site_files import load_registry
from cli.yaml_writer import yaml_text
from domain.site.itself import SUFFIX
from tests.cli.test_point_lists import SITE

GUIDE = Path(__file__).parents[2] / "docs" / "points.md"
BLOCK = re.compile(r"```yaml\n# (\S+)\n(.*?)```", re.DOTALL)
FLOORS = {"repeat": "1-10", "id": "floor-{n:02}", "kind": "corridor", "floor": "{n}", "labels": {"zh": "层", "en": "F"}}


def test_the_guide_is_a_site(tmp_path: Path) -> None:
    unit = SITE["units"][0]  # type: ignore[index]  # a plain document
    building = {**unit["buildings"][0], "zones": [FLOORS]}
    (tmp_path / "site.yaml").write_text(yaml_text({**SITE, "units": [{**unit, "buildings": [building]}]}), "utf-8")
    for name, text in BLOCK.findall(GUIDE.read_text("utf-8")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    registry = load_registry(tmp_path)
    assert len(registry.devices) == 101 + len(registry.gateways), "and each gateway is a device of its own"
    assert sum(not point.device.endswith(SUFFIX) for point in registry.points) == 4003
    meter = registry.devices["inn/meter-1"]
    power, energy, pump = meter.profile.points
    assert [meter.period_s(point) for point in (power, energy, pump)] == [1, 60, 1]
    assert [meter.address_of(point) for point in (power, energy, pump)] == [3, 3, 7]
    report = meter.report_of(power)
    assert (report.deadband, report.deadband_percent, report.period_s, report.heartbeat_s) == (50, 1, 5, 30)
