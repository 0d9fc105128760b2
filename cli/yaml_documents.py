"""YAML text → `Document`: plain data, the line of every value, ``${NAME}`` filled from the environment.

Only safe YAML is read: no tags, no aliases (a few lines could unfold into gigabytes), no duplicate
keys, files of at most 4 MiB. Words like ``on`` and ``no`` stay words (YAML 1.2 booleans only).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from domain.documents import Document
from domain.documents import Path as FieldPath
from domain.errors import ConfigurationError, Problem

MOST_BYTES = 4 * 2**20
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class _Loader(yaml.SafeLoader):
    """Safe loader with YAML 1.2 booleans, so that a zone called ``no`` stays a word."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in pairs if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
    ]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def read_document(path: Path, root: Path | None = None, environment: Mapping[str, str] = os.environ) -> Document:
    """Read one file; raises `ConfigurationError` when it is no acceptable YAML.

    ``root`` is the folder that the shown file name is relative to.
    """
    name = str(path.relative_to(root)) if root else str(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _refusal(name, 1, f"file of {size} bytes is too large", f"keep it under {MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(name, 1, f"not UTF-8 text (byte {error.start})", "save the file as UTF-8") from error
    except OSError as error:
        raise _refusal(name, 1, error.strerror or str(error), "check that the file exists and may be read") from error
    return parse_document(text, name, environment)


def parse_document(text: str, name: str, environment: Mapping[str, str] = os.environ) -> Document:
    """Parse YAML text that is called ``name`` in messages."""
    loader = _Loader(text)
    try:
        _refuse_aliases(text, name)
        node = loader.get_single_node()
        lines: dict[FieldPath, int] = {}
        data = _value(loader, node, (), lines, name, environment) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _refusal(
            name, line, f"not YAML: {error.problem}", "check indentation, quotes and colons near this line"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise _refusal(name, 1, f"not YAML: {error}", "check the file's characters and nesting") from error
    finally:
        loader.dispose()
    return Document(file=name, data=data, lines=lines)


def _refuse_aliases(text: str, name: str) -> None:
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise _refusal(name, event.start_mark.line + 1, "YAML aliases (*name) are not read", "write the value out")


def _value(
    loader: _Loader,
    node: yaml.Node,
    path: FieldPath,
    lines: dict[FieldPath, int],
    name: str,
    environment: Mapping[str, str],
) -> Any:
    """Build the value of ``node`` and note its line and those of its parts."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str | int) or key in result:
                raise _refusal(
                    name, key_node.start_mark.line + 1, f"key {key!r} stands twice or is no word", "keep one of them"
                )
            lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = _value(loader, value_node, (*path, key), lines, name, environment)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, at), lines, name, environment) for at, item in enumerate(node.value)]
    return _scalar(loader, node, name, environment)


def _scalar(loader: _Loader, node: yaml.Node, name: str, environment: Mapping[str, str]) -> Any:
    if isinstance(node.value, str) and "${" in node.value:
        text = _VARIABLE.sub(lambda match: _variable(match, node, name, environment), node.value)
        plain = getattr(node, "style", None) is None
        tag = loader.resolve(yaml.ScalarNode, text, (True, False)) if plain else "tag:yaml.org,2002:str"
        node = yaml.ScalarNode(tag, text, node.start_mark, node.end_mark)
    return loader.construct_object(node, deep=True)


def _variable(match: re.Match[str], node: yaml.Node, name: str, environment: Mapping[str, str]) -> str:
    found = environment.get(match[1], match[2])
    if found is None:
        mend = f"set {match[1]} before starting, or write ${{{match[1]}:-default}}"
        raise _refusal(name, node.start_mark.line + 1, f"environment variable {match[1]} is not set", mend)
    return found


def _refusal(name: str, line: int, message: str, mend: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=name, line=line, field="", value=None, message=message, mend=mend)])
