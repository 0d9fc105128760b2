"""Documents that cannot rot: every path, link and command they name exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.app import app
from cli.walk_test_command import RunByDefault
from tests.project.house import DOCUMENTS, PACKAGES, ROOT, short

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?")
LINK = re.compile(r"\]\(([^)#\s]+)")
COMMAND = re.compile(r"(?<![\w./-])fengsui((?: [a-z][a-z0-9-]*)+)")
FOLDERS = (*PACKAGES, "tests", "benchmarks", "docs", "deploy", "examples", ".ci")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def code_of(path: Path) -> Iterator[str]:
    """Yield the code spans and blocks of a document."""
    for found in CODE.finditer(path.read_text("utf-8")):
        yield found[0].strip("`")


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_paths_that_a_document_names_exist(path: Path) -> None:
    named = {word for span in code_of(path) for word in re.split(r"[\s,;:()\"'=│]+", span) if PATH.fullmatch(word)}
    ours = {word.rstrip(".") for word in named if word.split("/")[0] in FOLDERS}
    assert not sorted(word for word in ours if not (ROOT / word).exists())


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_links_of_a_document_lead_somewhere(path: Path) -> None:
    links = {
        link for link in LINK.findall(path.read_text("utf-8")) if "://" not in link and not link.startswith("mailto:")
    }
    assert not sorted(link for link in links if not (path.parent / link).exists())


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_commands_that_a_document_names_exist(path: Path) -> None:
    root = typer.main.get_command(app)
    for span in code_of(path):
        for found in COMMAND.finditer(span):
            words = found[1].split()
            assert is_command(root, words), f"{short(path)}: fengsui {found[1]}"


@pytest.mark.parametrize("path", DECISIONS, ids=short)
def test_a_decision_is_short_and_says_what_will_not_be_done(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 120
    assert re.fullmatch(r"\d{3}-[a-z0-9-]+\.md", path.name)
    for heading in ("## Question", "## Options", "## Decision", "## What we will not do"):
        assert heading in text, heading


def is_command(command: Any, words: list[str]) -> bool:
    """Tell whether the words lead to a command; words after one that has no subcommands are arguments.

    So are those of a group that runs one of its commands by default.
    """
    steps = getattr(command, "commands", None)
    if steps is None or not words or (isinstance(command, RunByDefault) and words[0] not in steps):
        return True
    return words[0] in steps and is_command(steps[words[0]], words[1:])
