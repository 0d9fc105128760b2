"""What the configuration commands show: changes, outcomes, versions. What people wrote is never markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.alerts_tables import plain
from cli.check_command import Language
from domain.clock import NS_PER_S
from domain.errors import Problem

WORDS = {
    "added": ("新增", "added", "green"),
    "removed": ("移除", "removed", "red"),
    "changed": ("更改", "changed", "yellow"),
    "gateway": ("网关", "gateway", ""),
    "line": ("线路", "line", ""),
    "device": ("设备", "device", ""),
    "transmitter": ("传输装置", "transmitter", ""),
    "started": ("已启动", "started", ""),
    "applied": ("已生效", "applied", "green"),
    "unchanged": ("无变化", "nothing to change", "green"),
    "refused": ("被拒绝，旧配置继续运行", "refused, the old one runs on", "red"),
    "rolled_back": ("已回退到旧配置", "rolled back to the old one", "red"),
    "watching": ("观察中", "being watched", "yellow"),
    "silent": ("无应答", "does not answer", "red"),
    "local": ("本地", "local", ""),
    "remote": ("中心", "centre", ""),
}


def word(name: str, lang: Language) -> Text:
    """Return a word of ours in a language, with its colour; anything else as it is."""
    zh, en, colour = WORDS.get(name, (name, name, ""))
    shown = plain(zh if lang is Language.ZH else en)
    shown.stylize(colour)
    return shown


def change_table(key: str, answer: Mapping[str, Any], lang: Language) -> Table:
    """Return what would change of a gateway."""
    zh = lang is Language.ZH
    title = f"{key}：{answer.get('running')} → {answer.get('version')}"
    table = Table(title=plain(title), title_style="bold")
    for heading in ("线路", "", "项目", "编号", "内容") if zh else ("line", "", "what", "id", "fields"):
        table.add_column(heading, overflow="fold")
    for change in answer.get("changes", ()):
        fields = "\n".join(str(one) for one in change.get("fields", ()))
        cells = (word(str(change["did"]), lang), word(str(change["what"]), lang))
        table.add_row(plain(str(change["line"])), *cells, plain(str(change["id"])), _lines(fields))
    return table


def status_table(gateways: Mapping[str, Mapping[str, Any]], lang: Language) -> Table:
    """Return which version each gateway runs, from where, since when, and what was last."""
    zh = lang is Language.ZH
    table = Table(title="网关配置" if zh else "gateway configurations", title_style="bold")
    headings = (
        ("网关", "版本", "来源", "自", "最近一次", "原因")
        if zh
        else ("gateway", "version", "from", "since", "last", "why")
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for key, told in gateways.items():
        config = told.get("config")
        if told.get("silent"):
            table.add_row(plain(key), *_version(config), Text("-"), word("silent", lang), Text("-"))
            continue
        if not isinstance(config, Mapping):
            table.add_row(plain(key), Text("-"), Text("-"), Text("-"), Text("-"), Text("-"))
            continue
        last = config.get("last") or {}
        kind = "watching" if config.get("watching") else str(last.get("kind"))
        source = word(str(config.get("source")), lang)
        if config.get("revision"):
            source.append(f" {config['revision']}")
        table.add_row(
            plain(key), plain(str(config.get("version"))), source, Text(local_time(config.get("since_ns"))),
            word(kind, lang), _lines(reason_of(last)),
        )  # fmt: skip
    return table


def _version(config: Any) -> tuple[Text, Text]:
    """Return the version that was told last, and no source: whether it runs is not known."""
    known = isinstance(config, Mapping)
    return plain(str(config.get("version")) if known else "-"), Text("-")


def reason_of(last: Mapping[str, Any]) -> str:
    """Return why, with the first problems."""
    problems = [f"{one.get('file')}:{one.get('line')} {one.get('message')}" for one in last.get("problems") or ()]
    return "\n".join([str(last.get("reason") or ""), *problems[:3]]).strip()


def problems_of(told: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Return the problems that a gateway told."""
    return [
        Problem(
            file=str(one.get("file")),
            line=int(one.get("line") or 1),
            field=str(one.get("field")),
            value=None if not one.get("value") else Shown(str(one["value"])),
            message=str(one.get("message")),
            mend=str(one.get("mend")),
        )
        for one in told
    ]


class Shown(str):
    """A value that is shown as it stands: the gateway has put it in quotes already."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return it as it is."""
        return str(self)


def local_time(time_ns: Any) -> str:
    """Return a time as a wall clock shows it."""
    if not isinstance(time_ns, int) or time_ns <= 0:
        return "-"
    return datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone().strftime("%m-%d %H:%M:%S")


def _lines(text: str) -> Text:
    """Return several lines, each without what a terminal obeys."""
    return Text("\n").join(plain(line) for line in text.split("\n"))
