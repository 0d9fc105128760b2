"""The folder list is the architecture: packages, their names, their sizes, their public faces."""

from __future__ import annotations

import ast
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.project.house import PACKAGES, ROOT, SOURCES, pyproject, short, tree

MOST_LINES = 400
NOT_SHIPPED = {"benchmarks"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_top_level_name_of_the_wheel_is_a_package_here(package: str) -> None:
    assert (ROOT / package / "__init__.py").is_file()


def test_every_package_here_is_in_the_wheel() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_SHIPPED == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_its_job_its_input_and_its_output_in_three_lines(package: str) -> None:
    text = ast.get_docstring(tree(ROOT / package / "__init__.py"))
    assert text is not None
    job, blank, given, made = text.splitlines()
    assert job.endswith(".")
    assert not blank
    assert given.startswith("Input: ")
    assert made.startswith("Output: ")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_brings_a_package_of_our_name(package: str) -> None:
    """Our names are plain words (`domain`, `rules`): fine for an application in its own environment."""
    assert set(packages_distributions().get(package, [])) <= {"fengsui"}
    found = PathFinder.find_spec(package)
    assert found is not None
    assert found.origin == str(ROOT / package / "__init__.py")


def test_import_contracts_know_every_package() -> None:
    contracts = pyproject()["tool"]["importlinter"]
    assert tuple(contracts["root_packages"]) == PACKAGES
    floors = next(one for one in contracts["contracts"] if one["type"] == "layers")
    named = {name.strip() for layer in floors["layers"] for name in layer.replace(":", "|").split("|")}
    assert named == set(PACKAGES)


@pytest.mark.parametrize("path", [path for path in SOURCES if not path.stem.endswith("_pb2")], ids=short)
def test_a_source_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_a_public_list_is_sorted_and_names_only_what_is_there(path: Path) -> None:
    listed = public_list(path)
    assert listed == sorted(set(listed), key=lambda name: (kind_of(name), name))
    assert set(listed) <= names_in(path)


def test_only_the_command_line_reads_yaml() -> None:
    readers = {path.relative_to(ROOT).parts[0] for path in SOURCES if "yaml" in imported(path)}
    assert readers <= {"cli"}


def test_there_is_no_place_called_utils() -> None:
    assert not [short(path) for path in SOURCES if path.stem in {"utils", "util", "helpers", "misc", "common"}]


def kind_of(name: str) -> int:
    """Return the order of kinds in a public list: constants, classes, functions."""
    return 0 if name.isupper() else 1 if name[0].isupper() else 2


def public_list(path: Path) -> list[str]:
    """Return the names of a module's ``__all__``, or none."""
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets
        ):
            return list(ast.literal_eval(node.value))
    return []


def names_in(path: Path) -> set[str]:
    """Return every name that a module's top level defines or imports."""
    found: set[str] = set()
    for node in tree(path).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        else:
            found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found


def imported(path: Path) -> set[str]:
    """Return the top-level modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
