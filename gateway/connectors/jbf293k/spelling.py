"""Telegrams of the card in words, for people who look at its line."""

from __future__ import annotations

from gateway.connectors.jbf293k import tables
from gateway.connectors.jbf293k.protocol import POLL, Decoder, Refusal, Telegram

MOST_TELEGRAMS = 8
_COMMANDS = {**tables.COMPONENT, **tables.LOOP}


def frame_words(raw: bytes) -> tuple[str, str]:
    """Return what bytes of the line say; never raises."""
    if raw == POLL:
        return "轮询", "poll"
    decoder = Decoder()
    found = [*decoder.feed(raw), *decoder.give_up()][:MOST_TELEGRAMS]
    told = [_told(one) for one in found]
    return "；".join(zh for zh, _ in told), "; ".join(en for _, en in told)


def _told(one: Telegram | Refusal) -> tuple[str, str]:
    if isinstance(one, Refusal):
        return f"不是电报（{one.error}）", f"no telegram ({one.error})"
    at = f"{one.loop}-{one.point}"
    if one.command in tables.HEARTBEATS:
        return f"控制器 {one.controller} 心跳", f"controller {one.controller} heartbeat"
    change = _COMMANDS.get(one.command)
    zh, en = (change.zh, change.en) if change else (f"命令 {one.command:02X}", f"command {one.command:02X}")
    return f"控制器 {one.controller} {zh} {at}", f"controller {one.controller} {en} {at}"
