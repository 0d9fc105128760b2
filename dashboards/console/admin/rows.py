"""Rows of the administration's tables. Pure functions of what the services say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from alerts.accounts_face import ScopeFields, SessionView, TokenView, UserView
from alerts.channels_face import ChannelView
from alerts.labelled_face import AuditEntryView
from dashboards.console.audit_details import DetailWords
from dashboards.console.audited import action_text
from dashboards.console.components import Cell
from dashboards.console.texts import Language, text
from dashboards.console.wording import moment_text, person_text
from domain.accounts import Right, UserRole
from domain.glossary import label_of, terms
from domain.site import Registry

Row = dict[str, Any]

MOST_UNITS = 3
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Wording:
    """What words depend on: the language, the site, its zone, and now."""

    language: Language
    registry: Registry
    zone: tzinfo
    now_ns: int

    def text(self, key: str, **values: object) -> str:
        """Return a text."""
        return text(key, self.language, **values)

    def moment(self, time_ns: int | None) -> str:
        """Write a time, a dash for none."""
        return self.text("ago_never") if time_ns is None else moment_text(time_ns, self.zone)

    def roles(self, roles: Sequence[UserRole]) -> str:
        """Write roles."""
        return " · ".join(label_of(role, self.language) for role in roles)

    def scope(self, scope: ScopeFields) -> str:
        """Write where somebody may look: everywhere, or the first areas and units and how many more."""
        if scope.everywhere:
            return self.text("admin_everywhere")
        units = [self._unit(unit) for unit in scope.units]
        names = [*(self.text("admin_area", area=area) for area in scope.areas), *units]
        more = len(names) - MOST_UNITS
        shown = self.text("and").join(names[:MOST_UNITS])
        return f"{shown} {self.text('admin_more', count=more)}" if more > 0 else shown

    def _unit(self, unit: str) -> str:
        known = self.registry.units.get(unit)
        return known.labels.of(self.language) if known else unit


def button(action: str, words: str, *, on: bool = True, main: bool = False) -> Row:
    """Return a button of a row."""
    return {"action": action, "words": words, "on": on, "main": main}


def user_row(user: UserView, words: Wording) -> Row:
    """Return the row of an account."""
    state, look = _user_state(user, words)
    name = user.name if words.language is Language.ZH else user.name_en or user.name
    disabled = user.disabled_ns is not None
    buttons = [
        button("edit", words.text("admin_edit")),
        button("password", words.text("admin_password")),
        button("unlock", words.text("admin_unlock"), on=user.wait_s > 0),
        button("enable" if disabled else "disable", words.text("admin_enable" if disabled else "admin_disable")),
    ]
    return {
        "id": user.id,
        "look": "",
        "cells": {
            "user": user.id,
            "name": name,
            "roles": words.roles(user.roles),
            "scope": words.scope(user),
            "state": Cell(state, mark="●" if look == "" else "▲", look=look),
            "sessions": user.sessions,
        },
        "buttons": buttons,
    }


def _user_state(user: UserView, words: Wording) -> tuple[str, str]:
    if user.disabled_ns is not None:
        return words.text("admin_disabled"), "soft"
    if user.wait_s > 0:
        return words.text("admin_locked", seconds=round(user.wait_s)), "caution"
    if not user.has_password:
        return words.text("admin_no_password"), "caution"
    return words.text("admin_must_change" if user.must_change else "admin_active"), ""


def token_row(token: TokenView, words: Wording) -> Row:
    """Return the row of a token."""
    state, look = _token_state(token, words)
    rights = [words.roles(token.roles), *(label_of(right, words.language) for right in Right if right in token.rights)]
    return {
        "id": token.id,
        "look": "",
        "cells": {
            "name": token.name,
            "may": " · ".join(one for one in rights if one),
            "scope": words.scope(token),
            "made": f"{words.moment(token.created_ns)} {person_text(words.registry, token.created_by, words.language)}",
            "used": words.moment(token.last_used_ns),
            "state": Cell(state, mark="●" if look == "" else "○", look=look),
        },
        "buttons": [button("revoke", words.text("admin_revoke"), on=look == "")],
    }


def _token_state(token: TokenView, words: Wording) -> tuple[str, str]:
    if token.revoked_ns is not None:
        return words.text("admin_revoked", at=words.moment(token.revoked_ns), by=token.revoked_by or ""), "soft"
    if token.expires_ns is None:
        return words.text("admin_unlimited"), ""
    if token.expires_ns <= words.now_ns:
        return words.text("admin_expired", at=words.moment(token.expires_ns)), "soft"
    return words.text("admin_until", at=words.moment(token.expires_ns)), ""


def session_row(session: SessionView, names: Mapping[str, str], own: str | None, words: Wording) -> Row:
    """Return the row of a session; ``own``: the id of the one that asks."""
    user = names.get(session.user, session.user)
    mine = session.id == own
    return {
        "id": session.id,
        "look": "",
        "cells": {
            "user": Cell(f"{user} ({session.user})", mark="★" if mine else ""),
            "address": session.address,
            "agent": agent_text(session.agent),
            "since": words.moment(session.created_ns),
            "seen": session.seen_ns,
            "ends": words.moment(session.ends_ns),
        },
        "buttons": [
            button("end", words.text("admin_end")),
            button("end_all", words.text("admin_end_all")),
        ],
    }


def agent_text(agent: str) -> str:
    """Write what a browser calls itself in short: the last product of its list, and the system it runs on."""
    products = [part for part in agent.split() if "/" in part and not part.startswith(("Mozilla/", "AppleWebKit/"))]
    system = agent.partition("(")[2].partition(")")[0].split(";")[0]
    named = next((part for part in products if part.startswith(("Edg/", "Firefox/", "Chrome/", "HeadlessChrome/"))), "")
    short = " · ".join(one for one in (named or (products[-1] if products else agent[:40]), system) if one)
    return short[:80]


def channel_row(channel: ChannelView, words: Wording, *, may_test: bool) -> Row:
    """Return the row of a channel."""
    look, state = _channel_state(channel)
    waiting = channel.queued + channel.sending
    return {
        "id": channel.id,
        "look": "caution" if look == "caution" else "",
        "cells": {
            "channel": channel.id,
            "kind": _kind(channel.kind, words.language),
            "state": Cell(words.text(state), mark={"": "●", "caution": "▲"}.get(look, "?"), look=look),
            "budget": f"{channel.used} / {channel.per_minute}",
            "waiting": waiting,
            "dead": Cell(channel.dead, look="caution" if channel.dead else ""),
            "success": words.moment(channel.last_success_ns),
            "failure": words.moment(channel.last_error_ns),
            "reason": channel.last_error or "",
            "people": channel.people,
        },
        "buttons": [button("test", words.text("admin_test"), on=may_test)],
    }


def _channel_state(channel: ChannelView) -> tuple[str, str]:
    """Return look and words: what was last, success or failure; nothing tried is unknown."""
    if channel.last_success_ns is None and channel.last_error_ns is None:
        return "unknown", "admin_untried"
    if (channel.last_error_ns or 0) > (channel.last_success_ns or 0):
        return "caution", "admin_failing"
    return "", "admin_working"


def _kind(kind: str, language: Language) -> str:
    term = terms().get(f"channel_kind.{kind}")
    return term.of(language) if term is not None else kind


def audit_row(entry: AuditEntryView, words: Wording) -> Row:
    """Return the row of a link of the chain."""
    go = f"/alarm/{entry.alert_id}" if entry.alert_id else ""
    return {
        "id": str(entry.number),
        "look": "",
        "cells": {
            "number": entry.number,
            "at": words.moment(entry.at_ns),
            "who": actor_text(entry.actor, words),
            "what": action_text(entry.action, entry.details, words.language),
            "alert": Cell(entry.alert_id[:8], go=go) if entry.alert_id else "",
            "details": DetailWords(words.registry, words.zone, words.language).line(entry.details),
            "hash": entry.hash[:12],
        },
        "buttons": [],
    }


def actor_text(actor: str, words: Wording) -> str:
    """Write who did it: a person's name, or the platform itself."""
    return words.text("actor_system") if actor == SYSTEM else person_text(words.registry, actor, words.language)
