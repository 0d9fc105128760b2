"""From a notification's body to words.

The matter itself is the rule's text, untouched: "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电…" reaches the phone
word for word. What the template adds stands in the title or behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.messages.templates import MessageEvent, fill, template
from alerts.messages.words import Words
from domain.alarm import AlarmClass, Level
from domain.glossary import label_of

LANGUAGES = ("zh", "en")


def render(body: Mapping[str, Any], event: MessageEvent, *, link: str = "") -> Words:
    """Return the words of a message with ``body`` (as `alerts.notices` wrote it), in both languages."""
    alarm_class, level = AlarmClass(body["class"]), Level(body["level"])
    row = template(event, alarm_class)
    done: dict[str, str] = {}
    for language in LANGUAGES:
        place = str(_of(body.get("place"), language))
        values = {
            "text": str(body.get(f"text_{language}", "")),
            "place": place,
            "class": label_of(alarm_class, language),
            "level": label_of(level, language),
            "count": str(_of(body.get("digest"), "count") or 1),
        }
        done[f"title_{language}"] = fill(row[f"title_{language}"], values).strip()
        done[f"text_{language}"] = fill(row[f"text_{language}"], values)
        done[f"short_{language}"] = _short(done, language)
        done[f"place_{language}"] = place
    return Words(language=str(_of(body.get("person"), "language") or "zh"), link=link, **done)


def _short(done: Mapping[str, str], language: str) -> str:
    title, text = done[f"title_{language}"], done[f"text_{language}"]
    return f"{title}{text}" if language == "zh" else f"{title}: {text}"


def _of(part: Any, key: str) -> Any:
    """Return a value of a part of the body, nothing where the body is from before it had one."""
    return (part.get(key) if isinstance(part, Mapping) else None) or ""
