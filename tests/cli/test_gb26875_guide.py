"""The installer's guide cannot rot: its site is checked, its commands run, its tables are those of the code."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from cli.app import app
from cli.site_files import load_registry
from domain.words import ROLL_CALL, VALUES
from gateway.connectors.gb26875.config import Gb26875Settings, PeerLimits
from gateway.connectors.gb26875.profiles import PROFILES
from gateway.connectors.gb26875.roll_call_plan import RollCallPlan

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "gb26875.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def rows(heading: str) -> dict[str, list[str]]:
    """Return the table below a heading: first cell, without its quotes, to the others."""
    part = GUIDE.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("|")
    ]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


def test_the_site_of_the_guide_passes_the_check(tmp_path: Path) -> None:
    site = tmp_path / "hotel"
    shutil.copytree(ROOT / "examples" / "hotel", site)
    (written,) = blocks("yaml")
    (site / "gateways" / "gw-access.yaml").write_text(written, "utf-8")
    registry = load_registry(site)
    assert {one.key for one in registry.hosted_by("hotel", "gw-access")} == {"hotel/east-utd", "hotel/annexe-utd"}
    assert registry.points.get("hotel/east-fas/smoke-10-2") is not None


@pytest.mark.parametrize("command", [line for block in blocks("sh") for line in block.splitlines() if line])
def test_a_command_of_the_guide_runs(command: str) -> None:
    words = shlex.split(command.replace("--port 5900 --host 0.0.0.0", "--port 0"))
    assert words[0] == ".venv/bin/fengsui"
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()


def test_every_profile_is_in_the_guide() -> None:
    assert set(rows("Device profiles")) == set(PROFILES)


def numbers(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Return the settings of a model that are numbers, with their defaults as people write them."""
    fields = {name: field.default for name, field in model.model_fields.items()}
    return {
        f"{prefix}{name}": f"{default:g}" if default < 1e6 and default % 1 else str(int(default))
        for name, default in fields.items()
        if isinstance(default, int | float) and not isinstance(default, bool)
    }


def test_every_limit_is_in_the_guide_with_its_default_and_source() -> None:
    table = rows("Limits")
    assert {name: cells[0] for name, cells in table.items()} == {
        name: value
        for name, value in {**numbers(Gb26875Settings), **numbers(PeerLimits, "limits.")}.items()
        if name != "centre_address"
    }
    assert all(len(cells) == 2 and cells[1] for cells in table.values())


def test_the_plan_of_roll_calls_and_its_results_are_in_the_guide() -> None:
    part = GUIDE.split("\n## Roll-call", 1)[1]
    assert [name for name in RollCallPlan.model_fields if f"`{name}`" not in part] == []
    for value, labels in VALUES[ROLL_CALL].items():
        assert value == 0 or labels.zh in part
