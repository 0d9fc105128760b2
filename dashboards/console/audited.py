"""What an entry of the audit is called: by the glossary, by the catalogue, and a receipt by whose word it is. Pure.

A platform that took a message over, a platform that says it arrived, and a person who answered are three facts, of
which only the last is a person's (回执): one word for all of them would say on record what nobody has said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.console.texts import TEXTS, Language, text
from domain.alert import AlertEvent
from domain.glossary import terms

RECEIPTS = ("accepted", "delivered", "read", "answered", "dead")
"""Outcomes of a receipt, each with whose word it is."""

DEEDS = tuple(key.removeprefix("admin_did_") for key in TEXTS if key.startswith("admin_did_"))
"""Actions of the audit that the catalogue has words for, besides those of alerts."""

AUDITED = (
    "told",
    "told_repeat",
    "told_delayed",
    "told_answer",
    "told_lapse",
    "told_again",
    "nobody_to_tell",
    "acknowledgement_renewed",
    "raised_while_active",
    "cleared_while_inactive",
    "fire_unreached",
    "digest_queued",
)
"""Entries of the audit of an alert that are no events of the feed, whose words the glossary has."""


def action_text(action: str, details: Mapping[str, Any], language: Language) -> str:
    """Write what was done; an action that nobody has words for stays its own word."""
    outcome = details.get("outcome")
    if action == AlertEvent.RECEIPT and outcome in RECEIPTS:
        return text(f"receipt_{outcome}", language)
    term = terms().get(f"alert_event.{action}")
    if term is not None:
        return term.of(language)
    if action in DEEDS:
        return text(f"admin_did_{action}", language)
    return text(f"audit_{action}", language) if action in AUDITED else action
