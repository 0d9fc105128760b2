"""Broken sites: one good site, one folder a fault with the files that differ, and the exact words people get.

`pytest tests/cli --update` rewrites every `expected.err`; read the diff.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.check_command import check

FOLDER = Path(__file__).parent / "broken_sites"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.name != "good")
LINE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+)(:\d+)?: (?P<rest>.+) → (?P<mend>.+)$")
ENVIRONMENT = {"FENGSUI_TEST_ADDRESS": "hunter2:do-not-show", "FENGSUI_TEST_NOT_SET": None}

application = typer.Typer()
application.command()(check)


def lay_out(case: str, target: Path) -> Path:
    """Copy the good site and lay the files of a case over it; `removed` lists what it lacks."""
    site = target / "site"
    shutil.copytree(FOLDER / "good", site)
    shutil.copytree(FOLDER / case, site, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.err", "removed"))
    removed = FOLDER / case / "removed"
    for name in removed.read_text().split() if removed.exists() else ():
        path = site / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return site


def run(site: Path, *options: str) -> tuple[int, str]:
    """Check a site as a user would; returns exit code and output with the folder's name cut out."""
    result = CliRunner().invoke(application, [str(site), *options], env=ENVIRONMENT)
    return result.exit_code, result.stdout.replace(str(site), "SITE")


@pytest.mark.parametrize("case", CASES)
def test_a_broken_site_is_refused_in_these_words(case: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    code, output = run(lay_out(case, tmp_path), "--lang", "en")
    expected = FOLDER / case / "expected.err"
    if request.config.getoption("--update"):
        expected.write_text(output, encoding="utf-8")
    assert code == 1
    assert output == expected.read_text(encoding="utf-8")
    for line in output.splitlines():
        assert LINE.match(line), f"no file, line and mend in: {line}"


@pytest.mark.parametrize("case", CASES)
def test_every_problem_is_told_in_chinese_too(case: str, tmp_path: Path) -> None:
    code, output = run(lay_out(case, tmp_path), "--lang", "zh")
    assert code == 1
    for line in output.splitlines():
        found = LINE.match(line)
        assert found, line
        message = found["rest"].rsplit(": ", 1)[-1]
        assert re.search(r"[一-鿿]", message), f"not in Chinese: {line}"
        assert re.search(r"[一-鿿]", found["mend"]), f"mend not in Chinese: {line}"


def test_secrets_from_the_environment_are_never_shown(tmp_path: Path) -> None:
    site = lay_out("environment_value_is_not_shown", tmp_path)
    for options in (("--json",), ("--lang", "en"), ("--lang", "zh")):
        code, output = run(site, *options)
        assert code == 1
        assert "hunter2" not in output


def test_there_are_at_least_twenty_broken_sites() -> None:
    assert len(CASES) >= 20
