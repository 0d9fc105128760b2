"""An alert as a set of labels, which is how Prometheus and Alertmanager speak of it.

| label | from |
|---|---|
| alertname | the rule |
| class, severity | class and level |
| unit, building, floor, zone, zone_kind, gateway, device, point | the place; absent steps have no label |
| instance | the entity |

The fingerprint is that of Prometheus (`model.LabelSet.Fingerprint`: FNV-1a, 64 bits, over the sorted names and
values), so that other tools compute the same. ``severity`` is a label: an alert whose level changes has another
fingerprint then.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.alert import AlertView

_OFFSET, _PRIME, _SIXTY_FOUR = 14695981039346656037, 1099511628211, (1 << 64) - 1
_SEPARATOR = b"\xff"
_PLACE = ("unit", "building", "floor", "zone", "zone_kind", "gateway", "device", "point")


def labels_of(view: AlertView) -> dict[str, str]:
    """Return the labels of one of our own alerts."""
    labels = {
        "alertname": view.rule,
        "class": view.alarm_class.value,
        "severity": view.level.value,
        "instance": view.entity,
    }
    for name in _PLACE:
        value = getattr(view.place, name)
        if value is not None:
            labels[name] = str(value)
    return labels


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return 16 hexadecimal digits."""
    hashed = _OFFSET
    for name in sorted(labels):
        for byte in name.encode() + _SEPARATOR + labels[name].encode(errors="surrogatepass") + _SEPARATOR:
            hashed = ((hashed ^ byte) * _PRIME) & _SIXTY_FOUR
    return f"{hashed:016x}"
