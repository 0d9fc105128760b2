"""The receipt page of a phone."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    # the receipt page
    "answer_title": ("告警回执", "Alarm receipt"),
    "answer_received": ("收到", "Received"),
    "answer_on_site": ("已到场", "On site"),
    "answer_false_alarm": ("误报", "False alarm"),
    "answer_note": ("补充说明（可不填）", "Note (optional)"),
    "answer_thanks": ("回执已记录：{answer}", "Your answer is on record: {answer}"),
    "answer_already": ("此链接已回执：{answer}", "This link has been answered: {answer}"),
    "answer_for": ("致 {person}", "For {person}"),
    "answer_not_possible": ("无法回执", "Not possible"),
    # pushes to this phone, on the receipt page
    "push_here": ("在此手机接收推送", "Push to this phone"),
    "push_off": ("停止向此手机推送", "Stop pushing to this phone"),
    "push_on": ("此手机已接收推送", "This phone is pushed to"),
    "push_denied": (
        "浏览器未允许通知：请在浏览器设置中允许本站通知",
        "The browser does not allow it: allow notifications of this site in its settings",
    ),
    "push_insecure": ("接收推送须以 https 打开本页", "Pushes need this page opened by https"),
    "push_unsupported": (
        "此浏览器不支持推送（iPhone 须先“添加到主屏幕”）",
        "This browser takes no pushes (on an iPhone: add the page to the home screen first)",
    ),
    "push_failed": ("未能开启：", "Not possible:"),
}
