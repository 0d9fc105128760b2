"""What came of listening: who spoke, in which way, and the YAML that makes a known transmitter of each."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.check_command import Language
from cli.gb26875_adoption import Stranger, stanza
from cli.gb26875_heard import Record
from cli.gb26875_tables import clock_text, table_of
from gateway.connectors.gb26875.field_words import Said

_HEADINGS = {
    Language.ZH: ("地址", "线上字节", "对端", "报文", "类型", "时钟误差", "型号档案", "依据"),
    Language.EN: ("address", "on the wire", "peer", "frames", "types", "clock error", "profile", "because"),
}
_NOTHING = Said(
    "没有收到任何报文。检查：装置里的中心地址和端口、本机防火墙、端口映射、--host 是否为 0.0.0.0",
    "Nothing came. Look at: the centre's address and port in the transmitter, this machine's firewall, "
    "port forwarding, and whether --host is 0.0.0.0",
)
_ADOPT = Said(
    "登记（加到 gateways/*.yaml 中 protocol: gb26875 连接的 transmitters: 之下，填好大写处）：",
    "To adopt them, under transmitters: of the connection in gateways/*.yaml (fill in what stands in capitals):",
)


def print_summary(record: Record, console: Console, language: Language, *, adopt: bool) -> None:
    """Print what was heard; with ``adopt`` the YAML as well."""
    console.print(_found(record, language))
    for line in _troubles(record):
        console.print(Text(line.of(language), style="yellow"), soft_wrap=True)
    if adopt and record.speakers:
        console.print(Text(_ADOPT.of(language)), soft_wrap=True)
        for speaker, address, profile, _ in record.verdicts():
            peers = ", ".join(sorted(speaker.peers))
            entry = stanza(Stranger(address=address, profile=profile.name, remark=peers))
            console.print(Text(entry), soft_wrap=True)


def _found(record: Record, language: Language) -> RenderableType:
    if not record.speakers:
        return Text(_NOTHING.of(language), style="yellow")
    table: Table = table_of(_HEADINGS[language])
    for speaker, address, profile, reasons in record.verdicts():
        table.add_row(
            Text(address),
            Text(speaker.source.hex(" ")),
            Text("\n".join(sorted(speaker.peers))),
            str(speaker.frames),
            Text(" ".join(f"{name}×{count}" for name, count in sorted(speaker.types.items()))),
            clock_text(speaker.clock_error_s, language),
            Text(profile.name),
            Text("\n".join(Said(zh, en).of(language) for zh, en in reasons)),
        )
    return Group(Text(""), table)


def _troubles(record: Record) -> list[Said]:
    """Say which peers sent bytes that are no frames, or nothing at all."""
    refused = [
        Said(f"{peer}：{count} 处字节不是报文", f"{peer}: {count} times bytes that are no frame")
        for peer, count in sorted(record.refused.items())
    ]
    silent = [
        Said(f"{ip}：连接 {count} 次，没有一帧正确的报文", f"{ip}: connected {count} times without one good frame")
        for ip, count in sorted(record.silent.items())
    ]
    return [*refused, *silent]
