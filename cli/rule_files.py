"""Rule files on disk → `RuleSet`: the library that comes with the rules package, and a site's own."""

from __future__ import annotations

from pathlib import Path

from cli.site_files import load_documents
from domain.documents import Document
from domain.site import Registry
from rules import RuleSet, library_dir, load


def load_ruleset(registry: Registry | None = None, site_rules: Path | None = None) -> RuleSet:
    """Read and check the library and the rules of a site's folder; raises `ConfigurationError`.

    A site's rule replaces the library's rule of the same id. A folder that is absent has no rules.
    """
    own = read_folder(site_rules) if site_rules is not None else ()
    return load(read_folder(library_dir()), own, registry=registry)


def read_folder(folder: Path) -> tuple[Document, ...]:
    """Read the rules and rule tests of a folder, shown as ``<folder>/<file>``."""
    return load_documents(folder, root=folder.parent, columns=True)
