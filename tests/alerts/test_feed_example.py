"""The example of docs/feed.md, as a process of its own, beside a real alerts process."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from domain.alarm import TransitionKind
from domain.alert import Confirmation
from tests.alerts.alerts_scene import EBIKE_TEXT, transition
from tests.alerts.test_alerts_process import Running, running, until

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "feed_consumer.py"
MOST_LINES = 30


def code_lines(path: Path) -> set[int]:
    """Return the lines that hold code: no blank ones, comments or docstrings."""
    text = path.read_text("utf-8")
    strings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), start=1)
    return {number for number, line in lines if line.strip() and not line.strip().startswith("#")} - strings


def test_the_example_has_at_most_thirty_lines_of_code_besides_its_imports() -> None:
    text = EXAMPLE.read_text("utf-8")
    imports = {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)}
    assert len(code_lines(EXAMPLE) - imports) <= MOST_LINES
    assert len(code_lines(EXAMPLE)) <= MOST_LINES


@asynccontextmanager
async def consumer(bench: Running, file: Path) -> AsyncIterator[None]:
    """Run the example until the block ends."""
    credentials = bench.server.credentials["service"]
    environment = os.environ | {
        "FENGSUI_BACKBONE_USER": credentials.user,
        "FENGSUI_BACKBONE_PASSWORD": credentials.password,
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, EXAMPLE, bench.server.url, file, env=environment)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def item(file: Path, alert: str, state: str) -> dict[str, Any]:
    """Return the work item of an alert when it is in a state."""

    async def look() -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = (await asyncio.to_thread(lambda: json.loads(file.read_text("utf-8"))))[alert]
        except (OSError, ValueError, KeyError):
            return None
        return found if found["state"] == state else None

    return await until(look, timeout_s=60)


async def test_an_ebike_becomes_a_work_item_and_is_closed_with_proof(tmp_path: Path) -> None:
    file = tmp_path / "work.json"
    async with running(tmp_path) as bench:
        async with consumer(bench, file):
            alert = await bench.say(transition("ebike-charging", picture_url="http://camera.test/1.jpg"))
            opened = await item(file, alert, "open")
            assert (opened["text"], opened["place"]["zone"]) == (EBIKE_TEXT, "east-1-exit")
        # the consumer was killed; what happens meanwhile waits for it
        await bench.face.acknowledge(alert, by="陈师傅")
        await bench.face.confirm(alert, by="陈师傅", finding=Confirmation.REAL, text="已劝离")
        await bench.say(transition("ebike-charging", TransitionKind.CLEARED))
        await bench.alert(alert, lambda view: view.closed_at_ns is not None)
        async with consumer(bench, file):
            closed = await item(file, alert, "closed")
    proof = closed["proof"]
    assert (proof["who"], proof["found"], proof["picture"]) == ("陈师傅", "real", "http://camera.test/1.jpg")
    assert proof["when_ns"] <= proof["normal_since_ns"]
    assert len(proof["audit"]) == 64
    assert closed["owner"] == "陈师傅"


def test_the_guide_shows_the_example() -> None:
    assert "examples/feed_consumer.py" in (ROOT / "docs" / "feed.md").read_text("utf-8")
