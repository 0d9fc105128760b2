"""The rules that run, as the board knows them: followed in KV ``rulesets``, where they stand when nobody runs them.

`RuleCard` has ``name``, ``version``, ``alarm_class``, ``level``, ``labels`` and ``description`` (each with ``zh``,
``en`` and ``of``), ``procedure_zh``, ``procedure_en``, ``source`` and the rest of `rules.cards_face`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backbone.messages import LogMessage
from backbone.subjects import RULES_BUCKET, kv_subject
from domain.errors import WireError
from rules.face import CATALOGUE, STATES, Catalogue, RuleCard, RuleState, decode_catalogue, decode_states, together

__all__ = ["STREAM", "SUBJECTS", "RuleBook", "RuleCard", "RuleState"]

log = logging.getLogger(__name__)

STREAM = f"KV_{RULES_BUCKET}"
SUBJECTS = (kv_subject(RULES_BUCKET, CATALOGUE), kv_subject(RULES_BUCKET, f"{STATES}.*"))


@dataclass(slots=True)
class RuleBook:
    """What is known of the rules; ``revision`` rises with each change. ``catalogue`` None: nothing was heard yet."""

    catalogue: Catalogue | None = None
    cards: dict[str, RuleCard] = field(default_factory=dict)
    states: Mapping[str, RuleState] = field(default_factory=dict)
    revision: int = 0
    _by_partition: dict[str, dict[str, RuleState]] = field(default_factory=dict)

    def apply(self, batch: Iterable[LogMessage]) -> None:
        """Take entries as they come; one that can't be read is logged and changes nothing."""
        for message in batch:
            try:
                self._take(message)
            except WireError as error:
                log.warning("entry %d of %s left out: %s", message.seq, STREAM, error.reason)
        self.states = together(self._by_partition.values())
        self.revision += 1

    def without_states(self) -> RuleBook:
        """Return the book for somebody with a scope: rules are everybody's, counts are of all units."""
        return RuleBook(self.catalogue, self.cards, {}, self.revision)

    def _take(self, message: LogMessage) -> None:
        key = message.subject.removeprefix(kv_subject(RULES_BUCKET, ""))
        if key != CATALOGUE:
            self._by_partition[key] = decode_states(message.data) if message.data else {}
        elif message.data:
            self.catalogue = decode_catalogue(message.data)
            self.cards.clear()
            self.cards |= {card.name: card for card in self.catalogue.cards}
