"""The supervisor's phone view."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "nav_phone": ("手机", "Phone"),
    "phone_whose": ("谁的手机", "Whose phone"),
    "phone_waiting": ("{count} 条等您回执", "{count} wait for your answer"),
    "phone_choose": ("请先选择是谁的手机", "Choose first whose phone this is"),
    "phone_nothing": ("没有等您回执的告警", "Nothing waits for your answer"),
    "phone_unknown": ("正在询问……此前状态未知", "Asking… until then nothing is known"),
    "phone_no_person": (
        "此账号未关联人员，收不到通知；只列出由您处理的告警。",
        "This account is linked to no person and gets no messages; only alarms that you own are listed.",
    ),
    "phone_rest": ("其余 {count} 条", "{count} more"),
    "phone_more": ("还有 {count} 条未列出", "{count} more are not listed"),
    "phone_since": ("{at} 起", "since {at}"),
    "phone_escalates": ("升级倒计时", "escalates in"),
    "phone_answered": ("{answer}，已于 {at} 回执", "{answer}, answered {at}"),
    "phone_taken": ("{by} 已应答", "{by} has taken it on"),
    "phone_call": ("拨打 {who}", "Call {who}"),
    "phone_no_number": ("没有可拨打的号码", "Nobody here has a number"),
}
