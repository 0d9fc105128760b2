"""Plain data → YAML as `cli.yaml_documents` reads it: what is written here is read back as the same data.

Entries without further blocks stand on one line each, as people write them; texts that could be taken for something
else stand in quotes. `AsWritten` keeps ``${NAME}`` as it was in the file that it came from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff][A-Za-z0-9_\u4e00-\u9fff./-]*( ?[A-Za-z0-9_\u4e00-\u9fff./()-]+)*")
_WORDS = {"null", "true", "false"}
MOST_FLOW = 160
"""Characters of an entry on one line; longer ones become blocks."""


@dataclass(frozen=True, slots=True)
class AsWritten:
    """A value that the environment fills in: the text of the file, with ``${NAME}``.

    ``quoted`` tells whether it is text whatever the environment says; else it may become a number.
    """

    text: str
    quoted: bool


def yaml_text(data: Mapping[str, Any]) -> str:
    """Return a document."""
    return "\n".join(_block(data, 0)) + "\n"


def one_line(node: Any) -> str:
    """Return data as it stands on one line of a document."""
    return _flow(node)


def _block(node: Mapping[Any, Any], indent: int) -> Iterator[str]:
    space = " " * indent
    for key, value in node.items():
        if isinstance(value, list | tuple) and value and not _fits(value, indent):
            yield f"{space}{_scalar(key)}:"
            for item in value:
                yield from _item(item, indent + 2)
        elif isinstance(value, Mapping) and value and not _fits(value, indent + len(str(key)) + 2):
            yield f"{space}{_scalar(key)}:"
            yield from _block(value, indent + 2)
        else:
            yield f"{space}{_scalar(key)}: {_flow(value)}"


def _item(item: Any, indent: int) -> Iterator[str]:
    space = " " * indent
    if not isinstance(item, Mapping) or not item or _fits(item, indent + 2):
        yield f"{space}- {_flow(item)}"
        return
    first, *rest = _block(item, indent + 2)
    yield f"{space}- {first.lstrip()}"
    yield from rest


def _fits(node: Any, indent: int) -> bool:
    """Tell whether a node may stand on one line: short, no list of blocks in it, nothing of the environment."""
    return not _has_written(node) and not _is_list_of_blocks(node) and indent + len(_flow(node)) <= MOST_FLOW


def _is_list_of_blocks(node: Any) -> bool:
    if isinstance(node, Mapping):
        return any(_is_list_of_blocks(one) for one in node.values())
    return isinstance(node, list | tuple) and any(isinstance(one, Mapping) for one in node)


def _has_written(node: Any) -> bool:
    if isinstance(node, Mapping):
        return any(_has_written(one) for one in node.values())
    if isinstance(node, list | tuple):
        return any(_has_written(one) for one in node)
    return isinstance(node, AsWritten)


def _flow(node: Any) -> str:
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list | tuple):
        return "[" + ", ".join(_flow(one) for one in node) + "]"
    return _scalar(node)


def _scalar(value: Any) -> str:
    if isinstance(value, AsWritten):
        return json.dumps(value.text, ensure_ascii=False) if value.quoted else value.text
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    text = str(value)
    if isinstance(value, int) or (_PLAIN.fullmatch(text) and text not in _WORDS):
        return text
    return json.dumps(text, ensure_ascii=False)
