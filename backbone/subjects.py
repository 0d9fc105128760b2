"""Names on the bus: build them here, take them apart here, nowhere else.

| subject | meaning |
|---|---|
| ``spBv1//0.<unit>.<type>.<gateway>[.<device>]`` | Sparkplug B; NATS' own image of the MQTT topic ``spBv1.0/…`` |
| ``tel.<p>.<unit>.<type>.<gateway>.<device>`` | a device message as TELEMETRY stores it |
| ``tick.<p>`` | the log's second hand in partition p |
| ``backfill.<unit>.<gateway>.<device>`` | history that was spooled during an outage |
| ``alarm.<p>.<unit>.<class>.<rule>`` | a transition |
| ``alert.<unit>.<class>.<event>`` | a change of an alert, CloudEvents JSON; ``workitem`` tells of work to be done |
| ``fact.<unit>.<day>`` | what a local day (``2026-11-28``) of a unit was like, CloudEvents JSON, newest revision |
| ``svc.rules.<question>.<p>`` | questions to the owner of partition p: ``explain`` an alarm, ``try`` rules |
| ``svc.gateway.<unit>.<gateway>`` | requests that people make of a gateway's connectors |
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import WireError

SPARKPLUG = "spBv1//0"
NODE_TYPES = ("NBIRTH", "NDATA", "NDEATH")
DEVICE_TYPES = ("DBIRTH", "DDATA", "DDEATH")
STATUS_BUCKET = "status"
LEASE_BUCKET = "leases"
CHECKPOINT_BUCKET = "checkpoints"
CONFIG_BUCKET = "configs"
RULES_BUCKET = "rulesets"
FLOOD = "flood"
WORK_ITEM = "workitem"
"""Event token of what is no change of an alert, and goes the same way."""

_FNV_OFFSET = 0x811C9DC5
_FNV_PRIME = 0x01000193


@dataclass(frozen=True, slots=True)
class TelemetrySubject:
    """A Sparkplug subject, taken apart; ``device`` is None for node messages."""

    unit: str
    type: str
    gateway: str
    device: str | None


def telemetry(unit: str, message_type: str, gateway: str, device: str | None = None) -> str:
    """Return the subject to publish a Sparkplug message on."""
    tail = f".{device}" if device is not None else ""
    return f"{SPARKPLUG}.{unit}.{message_type}.{gateway}{tail}"


def parse(subject: str) -> TelemetrySubject:
    """Take a telemetry subject apart, in published or stored form; raises WireError for others."""
    parts = subject.split(".")
    if parts[0] == "tel" and len(parts) == 6:
        return TelemetrySubject(parts[2], parts[3], parts[4], parts[5])
    if parts[0] == SPARKPLUG and len(parts) in (4, 5):
        return TelemetrySubject(parts[1], parts[2], parts[3], parts[4] if len(parts) == 5 else None)
    raise WireError(f"'{subject[:200]}' is no telemetry subject")


def backfill(unit: str, gateway: str, device: str) -> str:
    """Return the subject of a device's spooled history."""
    return f"backfill.{unit}.{gateway}.{device}"


def tick(partition: int) -> str:
    """Return the subject of a partition's ticks."""
    return f"tick.{partition}"


def alarm(partition: int, unit: str, alarm_class: str, rule: str) -> str:
    """Return the subject of a transition."""
    return f"alarm.{partition}.{unit}.{alarm_class}.{rule}"


def alert(unit: str, alarm_class: str, event: str) -> str:
    """Return the subject of an alert's change."""
    return f"alert.{unit}.{alarm_class}.{event}"


def is_alert_change(subject: str) -> bool:
    """Tell whether a subject of ALERTS is that of a change of an alert: its data are the alert."""
    return not subject.endswith((f".{WORK_ITEM}", f".{FLOOD}"))


def fact(unit: str, day: str) -> str:
    """Return the subject of a unit's daily facts; ``day`` is ISO 8601 in the site's own time."""
    return f"fact.{unit}.{day}"


def gateway_service(unit: str, gateway: str) -> str:
    """Return the subject on which a gateway answers requests."""
    return f"svc.gateway.{unit}.{gateway}"


def rules_service(question: str, partition: int) -> str:
    """Return the subject on which the owner of a partition answers a question about its rules."""
    return f"svc.rules.{question}.{partition}"


def configuration_key(unit: str, gateway: str) -> str:
    """Return the key of a gateway's configuration bundle in KV ``configs``."""
    return f"{unit}.{gateway}"


def kv_subject(bucket: str, key: str) -> str:
    """Return the subject that an entry of a bucket is stored on."""
    return f"$KV.{bucket}.{key}"


def kv_newest(bucket: str, key: str) -> str:
    """Return the subject that asks for the newest entry of one key, and can ask for nothing else."""
    return f"$JS.API.DIRECT.GET.KV_{bucket}.{kv_subject(bucket, key)}"


def partition_subjects(partition: int) -> list[str]:
    """Return the filters that together are one partition's log.

    Node messages are stored unpartitioned, so every partition's reader gets those of all units and
    keeps the ones whose `partition_of` is its own.
    """
    return [f"tel.{partition}.>", tick(partition), *(f"{SPARKPLUG}.*.{kind}.*" for kind in NODE_TYPES)]


def partition_of(unit: str, partitions: int) -> int:
    """Return the partition of a unit: FNV-1a (32 bit) modulo ``partitions``, as NATS' ``partition()``."""
    digest = _FNV_OFFSET
    for byte in unit.encode():
        digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return digest % partitions
