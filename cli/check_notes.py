"""What a check says of a site that is right and could be safer: sentences in both languages, no problems."""

from __future__ import annotations

from domain.site import Registry
from domain.site.telling import MOST_NOTED, one_path


def notes(registry: Registry) -> list[tuple[str, str]]:
    """Return notes as (zh, en)."""
    people = one_path(registry)
    if not people:
        return []
    count, more = len(people), len(people) - MOST_NOTED
    names = "、".join(person.labels.zh for person in people[:MOST_NOTED]) + (f" 等，另有 {more} 人" if more > 0 else "")
    zh = f"{count} 人只能经一条通路收到火警（{names}）：为其增加一个 path 不同的通知渠道，如短信或语音。"
    named = ", ".join(person.labels.en for person in people[:MOST_NOTED]) + (f" and {more} more" if more > 0 else "")
    are = "person is" if count == 1 else "people are"
    en = f"{count} {are} told of fires by one path only ({named}): add a channel with another 'path', as sms or voice."
    return [(zh, en)]
