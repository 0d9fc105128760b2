"""Channels and test messages on a terminal; times are those of the machine that shows them."""

from __future__ import annotations

import time

from rich import box
from rich.table import Table
from rich.text import Text

from alerts.channels_face import ChannelView, TestResult
from cli.alerts_tables import local, plain
from cli.check_command import Language
from cli.notify_mends import mend_of
from domain.clock import NS_PER_S
from domain.glossary import label_of
from domain.site.channels import ChannelKind
from domain.wording import printable

_HEADINGS = {
    Language.ZH: (
        "渠道", "类型", "路径", "额度/分", "近一分钟", "火警", "排队", "放弃", "人员", "最近成功", "最近错误",
    ),
    Language.EN: (
        "channel", "kind", "path", "budget/min", "used", "of it fire", "queued", "given up", "people",
        "last success", "last error",
    ),
}  # fmt: skip
_OUTCOMES = {
    "accepted": ("对方已接受", "accepted", "bold green"),
    "retry": ("未成功，正式消息会重试", "not now: a real message would be tried again", "bold yellow"),
    "refused": ("被拒绝", "refused", "bold red"),
}
_ROWS = {
    "channel": ("渠道", "channel"),
    "person": ("收件人", "for"),
    "outcome": ("结果", "outcome"),
    "reason": ("对方说", "it said"),
    "provider_id": ("平台编号", "its id"),
    "delivered": ("已送达", "delivered"),
    "took": ("用时", "took"),
    "at": ("时间", "time"),
    "key": ("消息编号", "our id"),
    "mend": ("怎么办", "what to do"),
}
NOTE = (
    "“已接受”只说明平台收下了消息；人是否看到，看手机，或看正式告警的回执。",
    "'Accepted' means that the platform took it. Whether somebody saw it: look at the phone, or at a receipt.",
)


def channels_table(views: tuple[ChannelView, ...], language: Language) -> Table:
    """Return all channels as they do now."""
    table = Table(*_HEADINGS[language], box=box.SIMPLE)
    for view in views:
        table.add_row(
            plain(view.id),
            label_of(ChannelKind(view.kind), language.value),
            plain(view.path),
            str(view.per_minute),
            Text(str(view.used), style="bold yellow" if view.used >= view.per_minute else ""),
            str(view.used_fire),
            str(view.queued + view.sending),
            Text(str(view.dead), style="bold red" if view.dead else ""),
            str(view.people),
            _when(view.last_success_ns, language),
            _error(view),
        )
    return table


def result_table(result: TestResult, language: Language) -> Table:
    """Return what became of a test message, with what to do where it failed."""
    at = 0 if language is Language.ZH else 1
    zh, en, style = _OUTCOMES[result.outcome]
    kind = label_of(ChannelKind(result.kind), language.value)
    table = Table(box=box.SIMPLE, show_header=False)
    rows = {
        "channel": Text(f"{result.channel} ({kind})"),
        "person": Text(result.person or "—"),
        "outcome": Text(zh if at == 0 else en, style=style),
        "reason": Text(printable(result.reason)),
        "provider_id": Text(printable(result.provider_id or "")),
        "delivered": Text("✓" if result.delivered else ""),
        "took": Text(f"{result.took_ms:.0f} ms"),
        "at": Text(local(result.at_ns)),
        "key": Text(result.key),
        "mend": Text(("" if result.accepted else mend_of(result.kind, result.reason, language)) or "", style="bold"),
    }
    for name, value in rows.items():
        if value.plain:
            table.add_row(_ROWS[name][at], value)
    return table


def note(language: Language) -> str:
    """Return what "accepted" does not mean."""
    return NOTE[0 if language is Language.ZH else 1]


def _when(time_ns: int | None, language: Language) -> str:
    if time_ns is None:
        return "从未" if language is Language.ZH else "never"
    return local(time_ns)


def _error(view: ChannelView) -> Text:
    """Return the newest error; dim when something succeeded after it."""
    if view.last_error_ns is None:
        return Text("—")
    over = (view.last_success_ns or 0) > view.last_error_ns
    hours = (time.time_ns() - view.last_error_ns) / NS_PER_S / 3600
    text = f"{local(view.last_error_ns)} {printable(view.last_error or '')[:80]}"
    return Text(text, style="dim" if over or hours > 24 else "red")
