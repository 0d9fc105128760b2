"""What a person wrote, with the place of every value, and the problems found in it.

Reading text (YAML) is the command line's job; here a `Document` is plain data plus a line for each
path. A `Problem` names file, line, field, value and what to write instead: the sentence that an
installer needs at nine in the evening on a ladder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from domain.errors import ConfigurationError, Problem
from domain.wording import explain, nearest, tag_of

__all__ = [
    "ConfigurationError",
    "Document",
    "Origin",
    "Path",
    "Problem",
    "dotted",
    "gathered",
    "nearest",
    "problems_of",
]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry that a ``repeat`` made (or moved) stands in the file, and which one it is: ``n=47``."""

    path: Path
    which: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content: ``data`` as parsed, ``lines`` from a path to its 1-based line.

    ``written`` holds the text of values that the environment filled in. Problems show that text
    instead of the value, so that no secret ends up on a screen. ``origins`` leads from entries of
    ``data`` back to the file, whose paths ``lines`` and ``written`` have (`domain.templates`). ``columns`` and
    ``text``, the file as it was written, are kept for rules alone, whose conditions stand in one line and which people
    are shown: those of a large site would double what its files take.
    """

    file: str
    data: Any
    lines: Mapping[Path, int] = field(default_factory=dict)
    written: Mapping[Path, str] = field(default_factory=dict)
    origins: Mapping[Path, Origin] = field(default_factory=dict)
    columns: Mapping[Path, int] = field(default_factory=dict)
    text: str = ""

    def column(self, path: Path) -> int:
        """Return the column of ``path`` or of its nearest parent that has one; 0 where columns were not kept."""
        path, _ = self._in_file(path)
        return next((self.columns[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.columns), 0)

    def line(self, path: Path) -> int:
        """Return the line of ``path``, or of its nearest parent that has one (1 at least)."""
        path, _ = self._in_file(path)
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def value(self, path: Path) -> Any:
        """Return the value at ``path``, or None where the path ends early."""
        node = self.data
        for step in path:
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def problem(self, path: Path, message: str, mend: str) -> Problem:
        """Make a `Problem` for the value at ``path``."""
        inner, field = self._in_file(path)
        shown = self.written.get(inner, self.value(path))
        line, column = self.line(path), self.column(path)
        return Problem(file=self.file, line=line, field=field, value=shown, message=message, mend=mend, column=column)

    def in_file(self, path: Path) -> Path:
        """Return where a value stands in the file."""
        return self._in_file(path)[0]

    def _in_file(self, path: Path) -> tuple[Path, str]:
        """Return a path as it is in the file, and as people see it: ``devices[1](n=47).zone``."""
        if self.origins:
            for length in range(len(path), 0, -1):
                origin = self.origins.get(path[:length])
                if origin is not None:
                    which = f"({origin.which})" if origin.which else ""
                    return origin.path + path[length:], dotted(path[length:], dotted(origin.path) + which)
        return path, dotted(path)


def dotted(path: Path, text: str = "") -> str:
    """Write a path as ``devices[2].profile``, behind what ``text`` has of it."""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


_WHICH = re.compile(r"\((\w+=[^()]*)\)")


def gathered(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems by file and line; what is wrong alike in many entries of one ``repeat`` is one problem."""
    alike: dict[tuple[str, int, str, str, str], list[Problem]] = {}
    for problem in problems:
        key = (problem.file, problem.line, _WHICH.sub("", problem.field), _plain(problem), problem.mend)
        alike.setdefault(key, []).append(problem)
    first = [(same[0], len(same) - 1) for same in alike.values()]
    return [_and_more(problem, more) for problem, more in sorted(first, key=lambda one: (one[0].file, one[0].line))]


def _plain(problem: Problem) -> str:
    """Return the message as it is for all entries of a repeat; others keep theirs to themselves."""
    return problem.message if _WHICH.search(problem.field) else f"{problem.message} {problem.value}"


def _and_more(problem: Problem, more: int) -> Problem:
    if not more or not _WHICH.search(problem.field):
        return problem
    return replace(problem, field=_WHICH.sub(rf"(\1 and {more} more)", problem.field, count=1))


def problems_of(
    error: ValidationError,
    document: Document,
    prefix: Path = (),
    known: Iterable[str] = (),
    *,
    model: type[BaseModel] | None = None,
) -> list[Problem]:
    """Turn a pydantic error on the part of ``document`` at ``prefix`` into problems.

    For an unknown key the fields of ``model`` at that place are suggested; without a model, ``known``.
    Several findings on one value (branches of a union) make one problem.
    """
    found: dict[Path, Problem] = {}
    items = error.errors(include_url=False)
    for item in items:
        if item["type"] == "too_short" and any(_is_below(other["loc"], item["loc"]) for other in items):
            continue  # pydantic counts only the good items of a list; the bad ones are reported themselves
        missing = item["type"] in {"missing", "union_tag_not_found"}
        tag = (tag_of(item),) if tag_of(item) else ()
        inner = _steps_in(document.value(prefix), (*item["loc"], *tag), missing=missing)
        names = _fields_at(model, inner[:-1], document.value(prefix)) if model else known
        what, mend = explain(item, names)
        path = prefix + inner
        if path in found:
            what, mend = (f"{found[path].message} or {what}", f"{found[path].mend}; or {mend}")
        found[path] = document.problem(path, what, mend)
    return list(found.values())


def _steps_in(data: Any, loc: Path, *, missing: bool) -> Path:
    """Return the steps of a pydantic location that lead through ``data``.

    Pydantic adds steps for union branches, validators and keys, which no file has.
    """
    steps: list[str | int] = []
    for position, step in enumerate(loc):
        last = missing and position == len(loc) - 1
        if not last and not _leads_on(data, step):
            continue
        steps.append(step)
        data = None if last else data[step]
    return tuple(steps)


def _is_below(loc: Path, parent: Path) -> bool:
    return len(loc) > len(parent) and loc[: len(parent)] == parent


def _leads_on(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list | tuple) and isinstance(step, int) and 0 <= step < len(data)


def _fields_at(model: type[BaseModel], path: Path, data: Any) -> list[str]:
    """Return the field names, as files write them, of the model that describes ``path`` below ``model``.

    Where several could (a union), ``data`` decides: the branch whose fixed words it has.
    """
    here: type[BaseModel] | None = model
    options = [model]
    for step in path:
        data = data[step] if _leads_on(data, step) else None
        if here is None:
            return []
        fields = _written_fields(here)
        if step in fields:
            options = _models_in(fields[step].annotation)
        here = _branch(options, data)
    return [str(name) for name in _written_fields(here)] if here else []


def _written_fields(model: type[BaseModel]) -> dict[str | int, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


def _branch(options: list[type[BaseModel]], data: Any) -> type[BaseModel] | None:
    """Return the branch of a union whose fixed words (``kind: sms``) are those of ``data``; the first where none is."""
    if isinstance(data, Mapping):
        for option in options:
            fixed = {name: get_args(info.annotation) for name, info in _written_fields(option).items() if _fixed(info)}
            if fixed and all(data.get(name) in words for name, words in fixed.items()):
                return option
    return options[0] if options else None


def _fixed(info: FieldInfo) -> bool:
    return get_origin(info.annotation) is Literal and info.is_required()


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type annotation mentions: itself, items of it, branches of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
