"""Checks whether people can be told at all: numbers and addresses, robots that share a budget, paths of a fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.documents import Document
from domain.site.channels import ChannelKind, ChannelSettings
from domain.site.findings import Findings
from domain.site.models import Person, SiteSettings
from domain.site.registry import Registry

_PHONED = frozenset({ChannelKind.SMS, ChannelKind.VOICE})
_ROBOTS: Mapping[ChannelKind, tuple[str, ...]] = {
    ChannelKind.DINGTALK: ("url", "access_token"),
    ChannelKind.WECOM: ("url", "key"),
    ChannelKind.FEISHU: ("url",),
}
"""Kinds whose platform limits each robot, and what names the robot."""

MOST_NOTED = 5


def check_reach(doc: Document, site: SiteSettings, findings: Findings) -> None:
    """Note people who can't be reached where they are to be told, and robots that stand there twice."""
    channels = {channel.id: channel for channel in site.channels}
    for at, person in enumerate(site.people):
        for slot, name in enumerate(person.channels):
            wanting = _wanting(person, channels.get(name))
            if wanting:
                what = "telephone number" if wanting == "phone" else "mail address"
                findings.add(
                    doc,
                    ("people", at, "channels", slot),
                    f"this person has no {what}",
                    f"add '{wanting}: …' to the person, or 'addresses: {{{name}: …}}'",
                )
        for name in person.addresses:
            findings.exists(doc, ("people", at, "addresses", name), name, channels, "channel")
    _check_robots(doc, site, findings)


def one_path(registry: Registry) -> list[Person]:
    """Return people who are told of fires on one path only: where it fails, so does the fire's message.

    Those are all who may be told of a fire: named by a zone, a unit or a step, or supervisors.
    """
    paths = {channel.id: channel.path for channel in registry.site.channels}
    return [
        person
        for person in registry.people.values()
        if person.channels and len({paths[name] for name in person.channels if name in paths}) < 2
    ]


def _wanting(person: Person, channel: ChannelSettings | None) -> str | None:
    """Return the key that a person needs for a channel and lacks."""
    if channel is None or channel.id in person.addresses:
        return None
    if channel.kind in _PHONED and person.phone is None:
        return "phone"
    if channel.kind is ChannelKind.SMTP and person.email is None:
        return "email"
    return None


def _check_robots(doc: Document, site: SiteSettings, findings: Findings) -> None:
    """A platform counts by robot: two channels to one robot would each spend its whole budget."""
    seen: dict[tuple[Any, ...], str] = {}
    for at, channel in enumerate(site.channels):
        names = _ROBOTS.get(channel.kind)
        if names is None:
            continue
        robot = (channel.kind, *(getattr(channel, name) for name in names))
        if robot in seen:
            findings.add(
                doc,
                ("channels", at),
                f"the same robot as channel '{seen[robot]}': together they would overrun its budget",
                f"use channel '{seen[robot]}' for both, or another robot",
            )
        seen.setdefault(robot, channel.id)
