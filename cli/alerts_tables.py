"""Alerts as tables on a terminal; times are those of the machine that shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from alerts.face import AlertDetail
from cli.check_command import Language
from domain.alarm import AlarmClass, Level
from domain.alert import AlertView, SuppressionKind
from domain.clock import NS_PER_S
from domain.out_of_service import OutOfServiceView
from domain.walk_test import WalkTestView
from domain.wording import printable

SHORT_ID = 8

_COLOURS = {
    AlarmClass.FIRE: "bold red",
    AlarmClass.LINKAGE: "red",
    AlarmClass.SUPERVISORY: "yellow",
    AlarmClass.FAULT: "yellow",
    AlarmClass.HAZARD: "magenta",
    AlarmClass.DUTY: "cyan",
    AlarmClass.SYSTEM: "blue",
}
_WORDS = {
    AlarmClass.FIRE: ("火警", "fire"),
    AlarmClass.LINKAGE: ("联动", "linkage"),
    AlarmClass.SUPERVISORY: ("监管", "supervisory"),
    AlarmClass.FAULT: ("故障", "fault"),
    AlarmClass.HAZARD: ("隐患", "hazard"),
    AlarmClass.DUTY: ("值守", "duty"),
    AlarmClass.SYSTEM: ("系统", "system"),
    Level.NOTICE: ("提示", "notice"),
    Level.WARNING: ("警告", "warning"),
    Level.CRITICAL: ("严重", "critical"),
    "active": ("报警中", "active"),
    "cleared": ("已恢复", "cleared"),
    "unknown": ("数据未知", "no data"),
    "unacknowledged": ("未应答", "unacknowledged"),
    "acknowledged": ("已应答", "acknowledged"),
    "real": ("真实", "real"),
    "false": ("误报", "false"),
    "test": ("测试", "test"),
    "latched": ("待复位", "to be reset"),
    "suppressed": ("从属", "suppressed"),
    "historical": ("补报", "historical"),
    "closed": ("已关闭", "closed"),
    "held": ("走动测试不推送", "walk test, told to nobody"),
    "out_of_service": ("停用", "out of service"),
    "maintenance": ("维保窗口", "maintenance"),
    "digest": ("汇总推送", "in a digest"),
    "shelved": ("搁置", "shelved"),
    "rechecked": ("已复查", "re-checked"),
    "reopened": ("再次打开", "reopened"),
}
_SUPPRESSED: dict[SuppressionKind | None, str] = {
    SuppressionKind.MAINTENANCE: "maintenance",
    SuppressionKind.DIGEST: "digest",
}
_HEADINGS = {
    Language.ZH: ("编号", "时间", "类别", "级别", "内容", "状态", "负责人", "下次升级"),
    Language.EN: ("id", "time", "class", "level", "text", "state", "owner", "next step"),
}
_NOTICE_HEADINGS = {
    Language.ZH: ("人员", "渠道", "步骤", "状态", "次数", "送出", "平台接收", "送达", "阅读", "回复", "错误"),
    Language.EN: (
        "person", "channel", "step", "state", "tries", "sent", "accepted", "delivered", "read", "answer", "error",
    ),
}  # fmt: skip
_FACT_HEADINGS = {Language.ZH: ("事实", "内容"), Language.EN: ("fact", "what")}
_EVIDENCE_HEADINGS = {
    Language.ZH: ("时间", "操作人", "地址", "类型", "SHA-256", "备注"),
    Language.EN: ("time", "who", "address", "type", "SHA-256", "note"),
}
_AUDIT_HEADINGS = {
    Language.ZH: ("序号", "时间", "操作人", "动作", "详情"),
    Language.EN: ("no.", "time", "who", "what", "details"),
}


def alert_table(alerts: Iterable[AlertView], language: Language) -> Table:
    """Return alerts as one table, in the order given."""
    table = _table(_HEADINGS[language])
    for alert in alerts:
        table.add_row(
            alert.id[:SHORT_ID],
            local(alert.raised_at_ns),
            Text(_word(alert.alarm_class, language), style=_COLOURS[alert.alarm_class]),
            _word(alert.level, language),
            plain(alert.text_en if language is Language.EN else alert.text_zh),
            " · ".join(_word(fact, language) for fact in facts(alert)),
            plain(alert.owner or ""),
            local(alert.next_escalation_ns),
        )
    return table


def walk_test_line(test: WalkTestView, language: Language) -> str:
    """Say of a running walk test whose it is, of what, until when."""
    scope = ", ".join([*test.zones, *test.devices]) or ("整个单位" if language is Language.ZH else "the whole unit")
    if language is Language.ZH:
        return f"走动测试进行中：{test.unit}（{scope}），由 {test.begun_by} 进行，至 {local(test.until_ns)}，不推送"
    return f"walk test of {test.unit} ({scope}) by {test.begun_by} until {local(test.until_ns)}: nobody is told"


def out_of_service_scope(entry: OutOfServiceView) -> str:
    """Return what is out of service, as one reads it."""
    return ", ".join((*entry.zones, *entry.devices, *entry.points, *entry.gateways))


def out_of_service_line(entry: OutOfServiceView, language: Language) -> str:
    """Say of an entry what, whose, why, until when."""
    until = local(entry.until_ns)
    if language is Language.ZH:
        return (
            f"停用：{entry.unit}（{out_of_service_scope(entry)}），{entry.reason}，由 {entry.begun_by} 停用，至 {until}"
        )
    what = out_of_service_scope(entry)
    return f"out of service: {entry.unit} ({what}) by {entry.begun_by} until {until}: {entry.reason}"


def detail_tables(detail: AlertDetail, language: Language) -> list[Table]:
    """Return one alert, who was told, what was said, and the audit."""
    notices = _table(_NOTICE_HEADINGS[language])
    for notice in detail.notifications:
        notices.add_row(
            plain(notice.person),
            plain(notice.channel),
            str(notice.step),
            plain(notice.state),
            str(notice.attempts),
            local(notice.sent_at_ns),
            local(notice.accepted_at_ns),
            local(notice.delivered_at_ns),
            local(notice.read_at_ns),
            plain(f"{notice.answer or ''} {local(notice.answered_at_ns)}".strip()),
            plain(notice.last_error or ""),
        )
    audit = _table(_AUDIT_HEADINGS[language])
    for entry in detail.audit:
        shown = ", ".join(f"{name}={value}" for name, value in entry.details.items() if value is not None)
        audit.add_row(str(entry.number), local(entry.at_ns), plain(entry.actor), plain(entry.action), plain(shown))
    evidence = _table(_EVIDENCE_HEADINGS[language])
    for one in detail.attachments:
        row = (one.by, one.url, one.media_type, one.sha256, one.note)
        evidence.add_row(local(one.at_ns), *(plain(cell) for cell in row))
    more = [evidence] if detail.attachments else []
    return [alert_table((detail.alert,), language), _fact_table(detail.alert, language), notices, *more, audit]


def _fact_table(alert: AlertView, language: Language) -> Table:
    """Return what stands on record of an alert besides its state, as far as there is any."""
    shelved = f"{local(alert.shelved_until_ns)} · {alert.shelved_by} {alert.shelved_with or ''} · {alert.shelve_reason}"
    known = {
        ("规则", "rule"): f"{alert.rule} · {alert.rule_version}",
        ("数值", "values"): ", ".join(f"{name}={value:g}" for name, value in alert.values.items()),
        ("发生", "happened"): local(alert.event_time_ns),
        ("规则延时", "on-delay"): f"{alert.delay_ns / NS_PER_S:g} s" if alert.delay_ns else "",
        ("误报原因", "cause of the false alarm"): alert.false_cause,
        ("搁置至", "shelved until"): shelved if alert.shelved_until_ns is not None else "",
        ("抑制", "suppressed by"): alert.suppressed_by,
        ("复查", "re-checked"): f"{local(alert.rechecked_at_ns)} · {alert.rechecked_by}" if alert.rechecked_by else "",
        ("前次告警", "the one before"): alert.previous_id,
        ("再次打开", "reopened"): f"{alert.reopened} ×" if alert.reopened else "",
        ("首警顺序", "order of fires"): alert.fire_order,
        ("图片", "picture"): alert.picture_url,
    }
    table = _table(_FACT_HEADINGS[language])
    for names, what in known.items():
        if what:
            table.add_row(names[language is Language.EN], plain(what))
    return table


def facts(alert: AlertView) -> list[str]:
    """Return the facts of an alert as words of `_WORDS`, the most telling first."""
    found = ["active" if alert.active else "cleared"]
    found += ["unknown"] if alert.data_unknown else []
    found.append("unacknowledged" if alert.acknowledged_at_ns is None else "acknowledged")
    found += [alert.confirmed.value] if alert.confirmed else []
    found += ["latched"] if alert.latched and alert.reset_at_ns is None else []
    found += [_SUPPRESSED.get(alert.suppressed_kind, "suppressed")] if alert.suppressed_by else []
    found += ["shelved"] if alert.shelved_until_ns is not None else []
    found += ["held"] if alert.held else []
    found += ["out_of_service"] if alert.out_of_service else []
    found += ["rechecked"] if alert.rechecked_at_ns is not None else []
    found += ["reopened"] if alert.reopened else []
    found += ["historical"] if alert.historical else []
    found += ["closed"] if alert.closed_at_ns is not None else []
    return found


def plain(told: object, style: str = "") -> Text:
    """Return what a device or a person told, for a terminal: no markup, and nothing that a terminal obeys.

    Descriptions come from devices and from births of anybody: ``[/]`` would be read as markup, ESC would reach the
    terminal, U+202E would turn what stands behind it. White space becomes a space, all else that has no print a �.
    """
    return Text(printable(str(told)), style=style)


def local(time_ns: int | None) -> str:
    """Write a time in this machine's zone; nothing for None."""
    if time_ns is None:
        return ""
    return f"{datetime.fromtimestamp(time_ns / NS_PER_S, UTC).astimezone():%m-%d %H:%M:%S}"


def _table(headings: tuple[str, ...]) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _word(name: str, language: Language) -> str:
    return _WORDS[name][language is Language.EN]
