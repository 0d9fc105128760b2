"""YAML text → `Document`: plain data, the line of every value, ``${NAME}`` filled from the environment.

Only the YAML that people expect is read. A scalar without quotes is null (``null``, ``~`` or nothing),
``true``, ``false``, a decimal or ``0x`` whole number, a decimal fraction, or else a word: ``on``, ``no``,
``12:30`` and ``010`` are words. Refused, each with its line:

| what | because |
|---|---|
| tags, aliases | a few lines could unfold into gigabytes, or make foreign objects |
| a key that stands twice | the first one would silently lose |
| ``${`` that is no ``${NAME}`` or ``${NAME:-default}`` | it would silently stay as it is |
| files over 4 MiB, nesting over 40 levels | no site needs them |
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from domain.documents import Document
from domain.documents import Path as FieldPath
from domain.errors import ConfigurationError, Problem

MOST_BYTES = 4 * 2**20
MOST_LEVELS = 40

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

_FORMS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"null|~|"), lambda _: None),
    (re.compile(r"true|false"), lambda text: text == "true"),
    (re.compile(r"[-+]?(0|[1-9][0-9]{0,30})"), int),
    (re.compile(r"0x[0-9a-fA-F]{1,16}"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.inf|\.nan"), lambda text: float(text.replace(".", ""))),
)
"""What a scalar without quotes may be, besides a word: full form and value."""


def read_document(
    path: Path, root: Path | None = None, environment: Mapping[str, str] = os.environ, *, columns: bool = False
) -> Document:
    """Read one file; raises `ConfigurationError` when it is no acceptable YAML.

    ``root`` is the folder that the shown file name is relative to; ``columns`` keeps those of the values, too.
    """
    name = str(path.relative_to(root)) if root else str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _refusal(name, 1, error.strerror or str(error), "check that the file exists and may be read") from error
    if len(raw) > MOST_BYTES:
        raise _refusal(name, 1, f"larger than {MOST_BYTES} bytes", "split the file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refusal(name, line, "not UTF-8 text", "save the file as UTF-8; it may have been saved as GBK") from error
    return parse_document(text, name, environment, columns=columns)


def parse_document(
    text: str, name: str, environment: Mapping[str, str] = os.environ, *, columns: bool = False
) -> Document:
    """Parse YAML text that is called ``name`` in messages; raises `ConfigurationError`."""
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except _NotReadError as error:
        raise _refusal(name, error.line, error.what, error.mend) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        mend = "check indentation, quotes and colons near this line"
        raise _refusal(name, mark.line + 1 if mark else 1, f"not YAML: {error.problem}", mend) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _refusal(name, line, f"not YAML: {error.reason}", "remove the invisible character") from error
    except (ValueError, OverflowError) as error:  # PyYAML's scanner, on huge numbers in escapes and directives
        raise _refusal(name, 1, "not YAML: a number is too large", "check escapes (\\U) and '%' lines") from error
    finally:
        if loader is not None:
            loader.dispose()
    document = _Builder(name, environment).document(node)
    return replace(document, text=text) if columns else replace(document, columns={})


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Text → nodes with marks; values are made by `_Builder`."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose one node, unless it is an alias, tagged, or too deep."""
        event: yaml.NodeEvent = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if isinstance(event, yaml.AliasEvent):
            raise _NotReadError(event, "YAML aliases (*name) are not read", "write the value out")
        if getattr(event, "tag", None) is not None:
            raise _NotReadError(event, "YAML tags (!name) are not read", "remove the tag")
        if self._level == MOST_LEVELS:
            raise _NotReadError(event, f"nested deeper than {MOST_LEVELS} levels", "flatten the structure")
        self._level += 1
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


class _NotReadError(Exception):
    """Good YAML of a kind that we do not read."""

    def __init__(self, event: yaml.Event, what: str, mend: str) -> None:
        super().__init__(what)
        self.line = event.start_mark.line + 1 if event.start_mark else 1
        self.what = what
        self.mend = mend


class _Builder:
    """Turns the nodes of one file into a `Document`."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self._environment = environment
        self._lines: dict[FieldPath, int] = {}
        self._written: dict[FieldPath, str] = {}
        self._columns: dict[FieldPath, int] = {}

    def document(self, node: yaml.Node | None) -> Document:
        """Build everything below the root; an empty file is an empty block."""
        data = {} if node is None else self._value(node, ())
        return Document(file=self._name, data=data, lines=self._lines, written=self._written, columns=self._columns)

    def _value(self, node: yaml.Node, path: FieldPath) -> Any:
        self._lines.setdefault(path, node.start_mark.line + 1)
        self._columns.setdefault(path, node.start_mark.column + 1)
        if isinstance(node, yaml.MappingNode):
            return self._block(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, at)) for at, item in enumerate(node.value)]
        text = self._text(node)
        if "${" in text:
            self._written[path] = text
            text = self._filled(text, path)
        return _meant(node, text)

    def _block(self, node: yaml.MappingNode, path: FieldPath) -> dict[str | int, Any]:
        block: dict[str | int, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            self._lines[*path, key] = key_node.start_mark.line + 1
            self._columns[*path, key] = key_node.start_mark.column + 1
            if key in block:
                raise self._refusal((*path, key), f"key '{key}' stands twice", "keep one of them")
            block[key] = self._value(value_node, (*path, key))
        return block

    def _key(self, node: yaml.Node) -> str | int:
        if isinstance(node, yaml.ScalarNode):
            key = _meant(node, self._text(node))
            if isinstance(key, str) or type(key) is int:
                return key
        raise _refusal(
            self._name, node.start_mark.line + 1, "a key must be a word or a whole number", "put the key in quotes"
        )

    def _text(self, node: yaml.Node) -> str:
        """Return a scalar's text; an escaped surrogate is half a character, which nothing can print."""
        text: str = node.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            line = node.start_mark.line + 1
            raise _refusal(self._name, line, "half a character (\\ud800 to \\udfff)", "write the character itself")
        return text

    def _filled(self, text: str, path: FieldPath) -> str:
        if len(_VARIABLE.findall(text)) != text.count("${"):
            raise self._refusal(path, "'${' without a variable's name and '}'", "write ${NAME} or ${NAME:-default}")
        return _VARIABLE.sub(lambda match: self._variable(match[1], match[2], path), text)

    def _variable(self, variable: str, default: str | None, path: FieldPath) -> str:
        found = self._environment.get(variable, default)
        if found is None:
            mend = f"set {variable} before starting, or write ${{{variable}:-default}}"
            raise self._refusal(path, f"environment variable {variable} is not set", mend)
        return found

    def _refusal(self, path: FieldPath, message: str, mend: str) -> ConfigurationError:
        known = Document(file=self._name, data=None, lines=self._lines, written=self._written)
        return ConfigurationError([known.problem(path, message, mend)])


def _meant(node: yaml.Node, text: str) -> Any:
    """Return what a scalar means: in quotes its text, without quotes what `_FORMS` says."""
    if getattr(node, "style", None) is not None:
        return text
    for form, make in _FORMS:
        if form.fullmatch(text):
            return make(text)
    return text


def _refusal(name: str, line: int, message: str, mend: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=name, line=line, field="", value=None, message=message, mend=mend)])
