"""`fengsui simulate` as a user runs it: a process of its own, its output and its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.simulate_commands import simulate
from tests.simulators.hotel import FOLDER, environment

application = typer.Typer()
application.command()(simulate)

PROGRAM = "import typer; from cli.simulate_commands import simulate; typer.run(simulate)"


async def started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=FOLDER.parents[1],
        env=dict(os.environ) | environment(),
    )


async def test_it_plays_without_platform_and_broker_and_says_so() -> None:
    process = await started(str(FOLDER / "scenario.yaml"), "--duration", "4")
    output, errors = (part.decode() for part in await process.communicate())
    assert process.returncode == 0, errors
    assert "not connected" in output
    assert "refused" in output.lower()
    assert "a smoke sensor on floor 2 falls silent" in output
    assert "未评判 not judged" in output


async def test_json_is_all_that_is_printed() -> None:
    process = await started(str(FOLDER / "scenario.yaml"), "--duration", "1", "--json", "--seed", "5")
    output, errors = (part.decode() for part in await process.communicate())
    assert process.returncode == 0, errors
    report = json.loads(output)
    assert (report["scenario"], report["passed"]) == ("hotel-first-light", True)
    assert {item["state"] for item in report["expectations"]} == {"not_judged"}


async def test_it_ends_on_a_signal() -> None:
    process = await started(str(FOLDER / "scenario.yaml"), "--duration", "60")
    assert process.stdout is not None
    async with asyncio.timeout(40):
        await process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0


async def test_a_port_that_is_taken_is_named() -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, str(FOLDER / "scenario.yaml"), "--duration", "1"),
            stdout=asyncio.subprocess.PIPE,
            cwd=FOLDER.parents[1],
            env=dict(os.environ) | environment() | {"FENGSUI_POWER_PORT": str(port)},
        )
        output = (await process.communicate())[0].decode()
    assert process.returncode == 2
    assert "power-line" in output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scenario: x\n", "labels: is missing"),
        ("scenario: x\nlabels: {zh: 甲, en: a}\nduration_s: 1\nsteps: []\n", "no site.yaml in its folder or above"),
    ],
)
def test_wrong_files_are_refused_with_their_mend(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(application, [str(path)])
    assert result.exit_code == 2
    assert words in result.stdout.replace("\n", " ")
    assert "→" in result.stdout


def test_a_rule_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(
        "scenario: x\nlabels: {zh: 甲, en: a}\nduration_s: 1\nsteps:\n  - {at: 0, operator: reset, rule: panel_fier}\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(application, [str(path), "--site", str(FOLDER)])
    assert result.exit_code == 2
    assert "did you mean 'panel_fire'?" in result.stdout.replace("\n", " ")
