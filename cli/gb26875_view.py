"""Frames on a terminal: byte by byte as a table, or one line each. Every colour says in a word what it means."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from cli.alerts_tables import plain
from cli.check_command import Language
from cli.gb26875_mends import mend, reason
from domain.site import Labels
from gateway.connectors.gb26875.explain import STANDARD_NAME, Row, explain
from gateway.connectors.gb26875.field_words import Said
from gateway.connectors.gb26875.profile import DeviceProfile, address_text
from gateway.connectors.gb26875.protocol import Frame, Received, Rejected
from gateway.connectors.gb26875.tables import command_name

_HEADINGS = {
    Language.ZH: ("字节", "十六进制", "名称", "值", f"{STANDARD_NAME} 出处"),
    Language.EN: ("bytes", "hex", "name", "value", f"place in {STANDARD_NAME}"),
}
_FIRE = "火警"
_GOOD = Labels(zh="✓ 正确", en="✓ good")
_REFUSED = Labels(zh="✗ 未接收", en="✗ refused")
_MEND = Labels(zh="改法", en="mend")
_DATA_AT, _TAIL = 27, 3
_MOST_SHOWN = 16
"""Bytes of hex in one cell line, so that a description of 31 bytes folds into two."""


def frame_table(event: Received | Rejected, profile: DeviceProfile, title: str, language: Language) -> Group:
    """Return a frame or a refusal as a table, with its reason and mend below."""
    good = isinstance(event, Received)
    verdict = (_GOOD if good else _REFUSED).of(language)
    heading = plain(f"{title}  {verdict}", style="bold green" if good else "bold red")
    table = Table(title=heading, title_justify="left", expand=False)
    for name in _HEADINGS[language]:
        table.add_column(name, overflow="fold")
    for row in explain(event, profile):
        table.add_row(*_cells(row, language), style=_style(row))
    return Group(table) if isinstance(event, Received) else Group(table, refusal_text(event, language))


def refusal_text(rejected: Rejected, language: Language) -> Text:
    """Return why bytes were refused, and what to do about it."""
    text = Text(reason(rejected).of(language), style="red")
    return text.append(f" → {_MEND.of(language)}: {mend(rejected).of(language)}\n", style="default")


def frame_line(event: Received | Rejected, profile: DeviceProfile, language: Language) -> Text:
    """Return one line: who to whom, command, type, what the objects say; a fire is bold red and says so."""
    if event.frame is None or isinstance(event, Rejected):
        assert isinstance(event, Rejected)  # noqa: S101  # a received frame is one
        size = f"{event.size} {Labels(zh='字节', en='bytes').of(language)}"
        return Text(f"✗ {reason(event).of(language)} ({size}): {mend(event).of(language)}", style="red")
    words = [row.value for row in explain(event, profile) if _DATA_AT <= row.offset < len(event.raw) - _TAIL]
    fire = any(_FIRE in said.zh for said in words)
    told = " · ".join(said.of(language) for said in words if said.of(language))
    line = f"{_way(event.frame, profile)}  {command_name(event.frame.command, language.value)}  {told}".rstrip()
    return plain(line, style="bold red" if fire else "")


def _way(frame: Frame, profile: DeviceProfile) -> str:
    return f"{address_text(frame.source, profile)} → {address_text(frame.destination, profile)} #{frame.sequence}"


def _cells(row: Row, language: Language) -> tuple[Text, ...]:
    first, last = row.offset + 1, row.offset + len(row.raw)
    place = f"{first}–{last}" if last > first else str(first)
    chunks = [row.raw[at : at + _MOST_SHOWN].hex(" ") for at in range(0, len(row.raw), _MOST_SHOWN)]
    source = _place(row.source.removeprefix(f"{STANDARD_NAME}, "), language)
    told = plain(row.name.of(language)), plain(row.value.of(language))
    return Text(place), Text("\n".join(chunks)), *told, Text(source)


def _place(source: str, language: Language) -> str:
    """Write a place in the standard; what has no Chinese here stays as it is."""
    if language is not Language.ZH:
        return source
    kind, _, number = source.partition(" ")
    return _PLACES.get(source) or _PLACES_WITH.get(kind, source).format(number)


_PLACES = {
    "type flags": "类型标志表",
    "application data unit": "应用数据单元",
    "checksum": "校验和",
    "end characters": "结束符",
}
_PLACES_WITH = {"byte": "第 {} 字节", "bytes": "第 {} 字节", "type": "类型 {}"}


def _style(row: Row) -> str:
    """Colour what a person looks for; the words say it too."""
    if _FIRE in row.value.zh or row.value.zh.startswith("错误"):
        return "bold red"
    return _COLOURS.get(row.name.zh, "")


_COLOURS = {
    "启动符": "dim", "结束符": "dim", "校验和": "dim", "源地址": "cyan", "目的地址": "cyan",
    "命令字节": "bold", "类型标志": "bold",
}  # fmt: skip


def verdict_lines(address: str, profile: DeviceProfile, reasons: list[tuple[str, str]], language: Language) -> Text:
    """Return what the frames of one device prove about its profile."""
    said = "; ".join(Said(zh, en).of(language) for zh, en in reasons)
    device = Labels(zh=f"装置 {address}", en=f"device {address}").of(language)
    return Text(f"{device}: {profile.name} ({profile.labels.of(language.value)}): {said}")
