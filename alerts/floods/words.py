"""A digest as people read it."""

from __future__ import annotations

from typing import Any

from domain.glossary import terms

PLACES_IN_WORDS = 6
"""Places that the sentence names; the message's ``digest`` has more."""


def digest_words(digest: dict[str, Any]) -> tuple[str, str]:
    """Return a digest in Chinese and in English."""
    return _chinese(digest), _english(digest)


def _chinese(digest: dict[str, Any]) -> str:
    classes = "、".join(f"{terms()[f'alarm_class.{name}'].zh} {count}" for name, count in digest["by_class"].items())
    named, left = _places(digest, "zh")
    places = "；".join(f"{name} {count} 条" for name, count in named) + (f"；另有 {left} 处" if left else "")
    return (
        f"告警泛滥摘要：{digest['from']} 至 {digest['to']} 共 {digest['count']} 条（{classes}），"
        f"其中 {digest['active']} 条仍在报警。部位：{places}。首警：{digest['first_out']['zh']}"
        " 火警照常逐条推送。"
    )


def _english(digest: dict[str, Any]) -> str:
    classes = ", ".join(f"{terms()[f'alarm_class.{name}'].en} {count}" for name, count in digest["by_class"].items())
    named, left = _places(digest, "en")
    places = "; ".join(f"{name} ({count})" for name, count in named) + (f"; {left} more places" if left else "")
    return (
        f"Flood digest: {digest['count']} messages from {digest['from']} to {digest['to']} ({classes}), "
        f"{digest['active']} still active. Places: {places}. First alarm: {digest['first_out']['en']} "
        "Fires are pushed one by one as ever."
    )


def _places(digest: dict[str, Any], language: str) -> tuple[list[tuple[str, int]], int]:
    """Return the first places with their counts, and how many more there are."""
    listed = [
        (place[language] or building[language], place["count"])
        for building in digest["buildings"]
        for place in building["places"]
    ]
    return listed[:PLACES_IN_WORDS], len(listed) - len(listed[:PLACES_IN_WORDS]) + digest["more_places"]
