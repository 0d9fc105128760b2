"""A push as a mail: headers that nobody can inject into, plain text and HTML beside it.

| header | value |
|---|---|
| ``Message-ID`` | ``<idempotency key@domain of the sender>``: the same at every repeat, so a repeat is recognisable |
| ``References`` | ``<alert id@…>``: mail programs show all that was said of one alert together |
| ``Subject`` | class and place, Chinese and English |
| ``Auto-Submitted`` | ``auto-generated`` (RFC 3834): nobody's holiday note answers it |
| ``Importance``, ``X-Priority`` | high for fire |

The whole message is 7-bit: every server takes it, whatever it offers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Any

from alerts.channels.contract import Push
from alerts.channels.told import Told, class_of, level_of, line, told
from domain.alarm import AlarmClass
from domain.glossary import label_of
from domain.wording import MAIL_PATTERN

MOST_RECIPIENTS = 10
"""Addresses that one person may have, separated by commas."""

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=76)
_MAIL = re.compile(MAIL_PATTERN)


def recipients_of(address: str | None) -> tuple[list[str], list[str]]:
    """Return the addresses that may be written to, and those that are none; both in order, each once."""
    parts = dict.fromkeys(part.strip() for part in re.split(r"[,;]", address or "") if part.strip())
    good = [part for part in parts if _MAIL.fullmatch(part)]
    return good[:MOST_RECIPIENTS], [part for part in parts if not _MAIL.fullmatch(part)] + good[MOST_RECIPIENTS:]


def masked(address: str) -> str:
    """Return an address as logs may show it: enough to find it, too little to write to."""
    name, _, host = address.partition("@")
    return line(f"{name[:2]}…@{host}" if host else f"{name[:2]}…", 80)


def write_mail(push: Push, *, sender: str, recipients: list[str], now_s: int) -> EmailMessage:
    """Return the mail of a push, sent at ``now_s`` (seconds since 1970). ``sender`` and ``recipients`` are checked."""
    words = told(push)
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = _subject(words.title)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now_s, UTC))
    mail["Message-ID"] = f"<{_token(push.key)}@{domain}>"
    if push.body.get("alert_id"):
        mail["References"] = f"<{_token(str(push.body['alert_id']))}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if push.fire:
        mail["Importance"], mail["X-Priority"] = "high", "1"
    facts = _facts(push.body)
    mail.set_content(_plain(words, facts), cte="base64")
    mail.add_alternative(_html(words, facts, fire=class_of(push.body) is AlarmClass.FIRE), subtype="html", cte="base64")
    return mail


def _token(text: str) -> str:
    """Return what of an id may stand in a Message-ID."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:64] or "none"


def _subject(title: str) -> str:
    """Return a title that is read as it stands: Python decodes what looks encoded (``=?…?=``), even to NUL."""
    return title.replace("=?", "= ?")


def _facts(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return lines of (what, value) in both languages."""
    level, place = level_of(body), body.get("place")
    both = (str(place.get("zh") or ""), str(place.get("en") or "")) if isinstance(place, Mapping) else ("", "")
    found = [
        ("部位 Place", " / ".join(part for part in both if part)),
        ("时间 Time", str(body.get("raised_at") or "")),
        ("级别 Level", f"{label_of(level, 'zh')} {label_of(level, 'en')}" if level else ""),
        ("图片 Picture", str(body.get("picture") or "")),
        ("编号 Alert", str(body.get("alert_id") or "")),
    ]
    if body.get("historical"):
        found.append(("说明 Note", "事件发生在断网期间，送达较晚 / it happened during an outage and arrives late"))
    return [(what, line(value, 400)) for what, value in found if value]


def _plain(words: Told, facts: list[tuple[str, str]]) -> str:
    parts = [words.text_zh, words.text_en, "\n".join(f"{what}: {value}" for what, value in facts)]
    if words.link:
        parts.append(f"请点击回执 / please answer here:\n{words.link}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(words: Told, facts: list[tuple[str, str]], *, fire: bool) -> str:
    colour = "#c8102e" if fire else "#7a848d"
    rows = "".join(
        f'<tr><td style="color:#4a555f;padding:2px 12px 2px 0">{escape(what)}</td><td>{escape(value)}</td></tr>'
        for what, value in facts
    )
    link = (
        f'<p><a href="{escape(words.link)}" style="display:inline-block;padding:14px 28px;background:#1d5f91;'
        'color:#fff;text-decoration:none;border-radius:8px">收到 / 回执 · Answer</a></p>'
        if words.link
        else ""
    )
    return (
        '<!doctype html><html><head><meta charset="utf-8"></head><body style="font-family:sans-serif">'
        f'<div style="border-left:10px solid {colour};padding:10px 14px;background:#f4f5f6">'
        f"<p><b>{_lines(words.text_zh)}</b></p><p>{_lines(words.text_en)}</p></div>"
        f'{link}<table style="font-size:14px">{rows}</table></body></html>\n'
    )


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
