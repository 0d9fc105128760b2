"""Rule files on disk → `RuleSet`: the library that comes with the rules package, and a site's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cli.site_files import load_documents
from cli.yaml_documents import parse_document
from domain.documents import Document
from domain.errors import ConfigurationError, Problem
from domain.site import Registry
from rules import TEST_SUFFIX, RuleSet, library_dir, load


def load_ruleset(registry: Registry | None = None, site_rules: Path | None = None) -> RuleSet:
    """Read and check the library and the rules of a site's folder; raises `ConfigurationError`.

    A site's rule replaces the library's rule of the same id. A folder that is absent has no rules.
    """
    own = read_folder(site_rules) if site_rules is not None else ()
    return load(read_folder(library_dir()), own, registry=registry)


def read_folder(folder: Path) -> tuple[Document, ...]:
    """Read the rules and rule tests of a folder, shown as ``<folder>/<file>``."""
    return load_documents(folder, root=folder.parent, columns=True)


def rule_texts(folder: Path) -> dict[str, str]:
    """Return the text of every rule file of a folder by its name; tests of rules stay at home."""
    files = sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(TEST_SUFFIX))
    return {path.name: path.read_text(encoding="utf-8-sig") for path in files}


def bundle_reader(registry: Registry) -> Callable[[Mapping[str, str]], RuleSet]:
    """Return what reads the files of a bundle as a site's own rules, with the library beside them.

    It raises `ConfigurationError` with every problem of every file.
    """

    def read(files: Mapping[str, str]) -> RuleSet:
        problems: list[Problem] = []
        own: list[Document] = []
        for name, text in files.items():
            try:
                own.append(parse_document(text, f"rules/{name}", columns=True))
            except ConfigurationError as error:
                problems += error.problems
        if problems:
            raise ConfigurationError(problems)
        return load(read_folder(library_dir()), own, registry=registry)

    return read
