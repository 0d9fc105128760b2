"""What the house tests look at: the packages, their files, the documents."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def pyproject() -> dict[str, Any]:
    """Return ``pyproject.toml``."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


PACKAGES: tuple[str, ...] = tuple(pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
SOURCES: tuple[Path, ...] = tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))
DOCUMENTS: tuple[Path, ...] = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))


def short(path: Path) -> str:
    """Return a path as people name it."""
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a source file."""
    return ast.parse(path.read_text("utf-8"), str(path))
