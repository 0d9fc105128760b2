"""`fengsui simulate gb26875` as a user runs it: typed lines, JSON, a fleet, the screen on a terminal, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.simulators.centre import running_centre

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "cli", "simulate", "gb26875")
PIPE = asyncio.subprocess.PIPE


async def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    """Run the command with lines on its standard input."""
    process = await asyncio.create_subprocess_exec(*COMMAND, *arguments, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    output, errors = await process.communicate(typed.encode())
    return process.returncode or 0, output.decode(), errors.decode()


def events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


async def test_typed_lines_are_done_and_told_in_json() -> None:
    async with running_centre() as centre:
        code, output, errors = await run("--port", str(centre.port), "--json", typed="fire 1\nmeasure 2 5 350\nreset\n")
    assert code == 0, errors
    told = events(output)
    assert {"connected", "sent", "received"} <= {one["event"] for one in told}
    fire = next(one for one in told if one.get("type") == 2 and "火警" in one["zh"])
    assert "fire alarm" in fire["en"]
    assert bytes.fromhex(fire["hex"]) in [one.raw for one in centre.seen]
    assert centre.of_type(3)[0].data[9:12].hex() == "05ac0d"
    assert centre.of_type(4)[0].data[4] == 1


async def test_people_read_words_in_their_language_and_mistakes_with_their_mend() -> None:
    async with running_centre() as centre:
        code, output, _ = await run("--port", str(centre.port), "--language", "en", typed="fier 1\nhelp\nanswer 2\n")
    assert code == 1
    assert "did you mean 'fire'?" in output
    assert "keys: reset mute alarm" in output
    assert "transmitter operation 2 roll-call answer" in output


async def test_what_nobody_confirmed_is_no_success() -> None:
    async with running_centre() as centre:
        centre.answer = lambda _: None
        code, _, _ = await run("--port", str(centre.port), "--duration", "0.5")
    assert code == 1


async def test_options_that_do_not_fit_are_refused_with_the_mend() -> None:
    code, _, errors = await run("--profile", "dahu", "--json")
    assert code == 2
    assert "did you mean 'dahua'?" in errors
    code, _, errors = await run("--address", "east", "--json")
    assert code == 2
    assert "write a whole number" in errors


async def test_a_fleet_with_one_seed_tells_one_story_and_ends_with_its_figures() -> None:
    stories = []
    for _ in range(2):
        async with running_centre() as centre:
            options = (
                "--port",
                str(centre.port),
                "--fleet",
                "20",
                "--seed",
                "3",
                "--speed",
                "20000",
                "--duration",
                "3",
            )
            code, output, errors = await run(*options, "--json")
        assert code == 0, errors
        *told, last = events(output)
        summary = last["summary"]
        assert summary["transmitters"] == summary["connected"] == 20
        assert summary["waiting"] == 0
        assert summary["confirmed"] >= 20 * 3
        stories.append(told)
    length = min(len(told) for told in stories)
    assert length > 10
    assert stories[0][:length] == stories[1][:length]


async def test_the_transmitters_of_a_site_call_its_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_centre() as centre:
        monkeypatch.setenv("FENGSUI_ACCESS_PORT", str(centre.port))
        code, output, errors = await run("--from-site", "examples/district", "--duration", "5", "--json")
    assert code == 0, errors
    assert events(output)[-1]["summary"]["transmitters"] == 200
    assert len({one.source for one in centre.seen}) == 200


async def test_a_site_without_transmitters_is_told_so() -> None:
    code, _, errors = await run("--from-site", "examples/hotel", "--json")
    assert code == 2
    assert "this site has no transmitters" in errors.replace("\n", " ")


async def test_it_ends_on_a_signal() -> None:
    async with running_centre() as centre:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "--port", str(centre.port), "--duration", "60", "--json", cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        await centre.until(lambda centre: len(centre.seen) >= 3)
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode in (0, 1)


async def test_on_a_terminal_buttons_are_typed_and_frames_are_seen() -> None:
    ours, theirs = pty.openpty()
    async with running_centre() as centre:
        process = await asyncio.create_subprocess_exec(
            *COMMAND, "--port", str(centre.port), "--components", "3", cwd=ROOT,
            stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"},
        )  # fmt: skip
        shown = bytearray()
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, lambda: shown.extend(os.read(ours, 65_536)))
        await centre.until(lambda centre: len(centre.seen) >= 3)
        os.write(ours, b"fire 12\x7f\n")
        await centre.until(lambda centre: any(one.data[:1] == b"\x02" and one.data[9] & 2 for one in centre.seen))
        centre.order(9, 1, b"\x5b\x01\x03")
        await seen(shown, "查岗：剩余")
        os.write(ours, b"answer 2\nquit\n")
        await centre.until(lambda centre: bool(centre.of_type(24)))
        assert await process.wait() in (0, 1)
        loop.remove_reader(ours)
    for number in (ours, theirs):
        os.close(number)
    text = shown.decode(errors="replace")
    for words in ("已连接", "感烟探测器", "火警", "未确认"):
        assert words in text


async def seen(shown: bytearray, words: str) -> None:
    """Wait until words stand on the screen."""
    async with asyncio.timeout(40):
        while words.encode() not in shown:
            await asyncio.sleep(0.05)


async def test_a_site_folder_instead_of_a_scenario_lets_its_devices_live(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_centre() as centre:
        monkeypatch.setenv("FENGSUI_ACCESS_PORT", str(centre.port))
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND[:-1], "examples/district", "--duration", "8", "--json"), cwd=ROOT, stdout=PIPE, stderr=PIPE
        )
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert json.loads(output)["scenario"] == "quiet"
    assert len({one.source for one in centre.seen}) == 200
