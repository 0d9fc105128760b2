"""The locks pin every package by hash and name no host, so that any mirror serves them and none can cheat."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path

import pytest

from tests.project.house import ROOT, pyproject, short

LOCKS = sorted(ROOT.glob("requirements*.lock"))
PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[0-9][A-Za-z0-9.!+_-]*)(?: ;[^\\]*)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
NAME = re.compile(r"[A-Za-z0-9._-]+")


def pins(path: Path) -> dict[str, int]:
    """Return the packages of a lock with their numbers of hashes; fails on a line of any other form."""
    found: dict[str, int] = {}
    current = ""
    for line in path.read_text("utf-8").splitlines():
        if pinned := PINNED.fullmatch(line):
            current = pinned["name"]
            found[current] = 0
        elif HASH.fullmatch(line):
            found[current] += 1
        else:
            assert not line or line.lstrip().startswith("#"), f"{short(path)}: {line}"
    return found


def normal(requirement: str) -> str:
    """Return the normalised package name of a requirement."""
    found = NAME.match(requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_there_are_locks_to_run_and_to_develop() -> None:
    assert {path.name for path in LOCKS} >= {"requirements.lock", "requirements-dev.lock"}


@pytest.mark.parametrize("path", LOCKS, ids=short)
def test_every_package_of_a_lock_has_hashes(path: Path) -> None:
    found = pins(path)
    assert found
    assert all(found.values())


@pytest.mark.parametrize("path", LOCKS, ids=short)
def test_a_lock_names_no_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url[ =]|--find-links[ =]|--trusted-host[ =]| @ ", text)


def test_every_dependency_is_locked() -> None:
    run, develop = pins(ROOT / "requirements.lock"), pins(ROOT / "requirements-dev.lock")
    project = pyproject()["project"]
    assert {normal(one) for one in project["dependencies"]} <= set(run)
    assert {normal(one) for one in project["optional-dependencies"]["dev"]} <= set(develop)
    assert set(run) <= set(develop)


def test_what_is_installed_asks_for_what_the_project_file_says() -> None:
    installed = {normal(one) for one in requires("fengsui") or () if "extra ==" not in one}
    assert installed == {normal(one) for one in pyproject()["project"]["dependencies"]}
