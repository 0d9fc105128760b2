"""Collects what is wrong over all documents of a site, so that one run shows everything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from pydantic import ValidationError

from domain.documents import Document, Path, gathered, nearest, problems_of
from domain.errors import ConfigurationError, Problem
from domain.site.labels import Settings

M = TypeVar("M", bound=Settings)


class Findings:
    """A growing list of problems with the checks that every part of a site needs."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def model(self, model: type[M], doc: Document) -> M | None:
        """Return the document as a model, or None when it does not fit."""
        try:
            return model.model_validate(doc.data)
        except ValidationError as error:
            self._problems += problems_of(error, doc, model=model)
            return None

    def unique(self, doc: Document, named: Sequence[tuple[Path, str]], what: str) -> None:
        """Note every name that stands a second time among ``(path, name)`` pairs."""
        seen: set[str] = set()
        for path, name in named:
            if name in seen:
                self.add(doc, path, f"{what} id is used twice", f"give each {what} its own id")
            seen.add(name)

    def exists(self, doc: Document, path: Path, name: str, known: Collection[str], what: str) -> bool:
        """Note a reference to something that is not there; return whether it is."""
        if name in known:
            return True
        self.add(doc, path, f"no such {what}", nearest(name, known))
        return False

    def add(self, doc: Document, path: Path, message: str, mend: str) -> None:
        """Note a problem of the value at ``path``."""
        self._problems.append(doc.problem(path, message, mend))

    def take(self, problem: Problem) -> None:
        """Note a problem of a file that is no document."""
        self._problems.append(problem)

    def __bool__(self) -> bool:
        """Tell whether anything is wrong."""
        return bool(self._problems)

    def error(self) -> ConfigurationError:
        """Return the error with all problems, in order of file and line."""
        return ConfigurationError(gathered(self._problems))
