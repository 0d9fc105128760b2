"""Rule files on disk → `RuleSet`: the library that comes with the rules package, and a site's own."""

from __future__ import annotations

from pathlib import Path

from cli.yaml_documents import read_document
from domain.documents import Document
from domain.errors import ConfigurationError, Problem
from domain.site import Registry
from rules import RuleSet, library_dir, load


def load_ruleset(registry: Registry | None = None, site_rules: Path | None = None) -> RuleSet:
    """Read and check the library and the rules of a site's folder; raises `ConfigurationError`.

    A site's rule replaces the library's rule of the same id. A folder that is absent has no rules.
    """
    library = read_folder(library_dir())
    own = read_folder(site_rules) if site_rules is not None and site_rules.is_dir() else []
    return load(library, own, registry=registry)


def read_folder(folder: Path) -> list[Document]:
    """Read every YAML file of a folder, by name; raises `ConfigurationError` for all unreadable ones together."""
    found: list[Document] = []
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found.append(read_document(path, folder.parent))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return found
