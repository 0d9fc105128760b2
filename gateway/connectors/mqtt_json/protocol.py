"""MQTT topics; pure. What stands in a message is `gateway.connectors.json_decoder`'s."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.connectors.mqtt_json.config import ADDRESS, ADDRESS_PATTERN


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """``sensors/{address}/up``: what to subscribe to, and whose message a topic is."""

    template: str

    @property
    def subscription(self) -> str:
        """Topic filter for the broker."""
        return self.template.replace(ADDRESS, "+")

    def address(self, topic: str) -> str | None:
        """Return the address in ``topic``, None when it does not match (spaces never do)."""
        before, after = self.template.split(ADDRESS)
        if not (topic.startswith(before) and topic.endswith(after)):
            return None
        middle = topic[len(before) : len(topic) - len(after)]
        return middle if ADDRESS_PATTERN.fullmatch(middle) else None
