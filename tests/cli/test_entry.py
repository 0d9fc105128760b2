"""`fengsui gateway` is light: it has the words of the whole command line, and imports nothing that it never uses."""

from __future__ import annotations

import subprocess
import sys

LOOK = """
import contextlib, sys
sys.argv = ["fengsui", *sys.argv[1:]]
from cli.entry import main
with contextlib.suppress(SystemExit):
    main()
print("\\n" + " ".join(sorted(set(sys.modules) & {"rules", "simulators", "alerts", "dashboards", "ingest", "cli.app"})))
"""


def run(*words: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", LOOK, *words], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_a_gateway_imports_no_rules_simulators_or_screens() -> None:
    *words, loaded = run("gateway", "--help")
    assert loaded == ""
    assert any("Usage: fengsui gateway [OPTIONS]" in line for line in words)
    assert any("--link-nats" in line for line in words)


def test_every_other_command_is_there() -> None:
    *words, loaded = run("check", "--help")
    assert "cli.app" in loaded
    assert any("Usage: fengsui check" in line for line in words)
