"""``fengsui rules schema|docs``: what editors and people read about rules, made from the rules themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.rule_files import read_folder
from rules import Rule, library_dir, load
from rules.fixtures import FixtureFile
from rules.pages import index_page, page_of
from rules.pages.page import tests_by_rule

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def schema(
    *, of_tests: Annotated[bool, typer.Option("--tests", help="规则测试文件的模式 / the schema of rule tests")] = False
) -> None:
    """输出规则文件的 JSON Schema / Print the JSON Schema of a rule file, for editors.

    For instance: fengsui rules schema > rule.schema.json, and in a rule's first line
    # yaml-language-server: $schema=rule.schema.json
    """
    print(json.dumps(rule_schema(of_tests=of_tests), ensure_ascii=False, indent=1))  # noqa: T201  # for a pipe


def rule_schema(*, of_tests: bool = False) -> dict[str, Any]:
    """Return the schema as data; what only a site can tell (quantities, names) is checked by ``rules check``."""
    model = FixtureFile if of_tests else Rule
    made = model.model_json_schema(by_alias=True, mode="validation")
    for part in (made, *made.get("$defs", {}).values()):
        for name, described in part.get("properties", {}).items():
            _allow_short_forms(name, described)
            if of_tests:
                _allow_one_label(described)
    return {"$schema": SCHEMA_ID, **made}


def _allow_short_forms(name: str, described: dict[str, Any]) -> None:
    """Write into a schema what people may write short: one value for a list of one, a label for both languages."""
    if name in _ONE_OR_MORE and described.get("type") == "array":
        listed = {key: described.pop(key) for key in list(described) if key not in ("default", "title", "description")}
        described["anyOf"] = [listed["items"], listed]
    if name == "equals":
        number = {"type": "number"}
        described["anyOf"] += [number, {"type": "array", "items": number, "minItems": 1}]


def _allow_one_label(described: dict[str, Any]) -> None:
    """Tests of rules may give one label for both languages."""
    if _LABELS in ([described, *described.get("anyOf", ())]):
        described["anyOf"] = [{"type": "string"}, *described.get("anyOf", [{"$ref": described.pop("$ref", "")}])]


_LABELS = {"$ref": "#/$defs/Labels"}
_ONE_OR_MORE = ("kind", "point", "word", "tags", "zones", "any", "until", "days")


def docs(
    folder: Annotated[Path, typer.Argument(help="写到此文件夹 / write here")] = Path("docs/rules"),
    *,
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="规则文件夹，默认规则库 / folder of rules; none: the library"),
    ] = None,
) -> None:
    """为每条规则生成说明页和按类别的目录 / Write a page for each rule, and an index by class."""
    for name, text in pages(rules).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    Console().print(f"{folder}: {len(pages(rules))}")


def pages(rules: Path | None = None) -> dict[str, str]:
    """Return all pages by file name."""
    documents = read_folder(library_dir() if rules is None else rules)
    ruleset = load(documents)
    tests = tests_by_rule(documents)
    found = {f"{rule.id}.md": page_of(rule, ruleset, tests.get(rule.id)) for rule in ruleset}
    return {"README.md": index_page(ruleset), **found}
