"""Every command that a README tells people to type is run: here, or by the continuous integration itself."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Return the lines of the shell blocks of both READMEs."""
    found: set[str] = set()
    for name in ("README.md", "README.zh-CN.md"):
        for block in BLOCK.findall((ROOT / name).read_text("utf-8")):
            found |= {line.strip() for line in block.splitlines() if line.strip()}
    return sorted(found)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("command", [line for line in commands() if not line.startswith("make ")])
async def test_a_command_of_the_readme_works(command: str) -> None:
    words = shlex.split(command)
    assert words[0] == ".venv/bin/fengsui", f"teach this test to run: {command}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *words[1:], cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert output.strip()


def test_the_make_commands_of_the_readme_are_run_by_the_integration_script() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    asked = [line for line in commands() if line.startswith("make ")]
    assert asked
    assert [line for line in asked if line not in script] == []
