"""Rules with every test that remembers readings, for the small site of `tests.rules.rules_scene`."""

from __future__ import annotations

HEAD = """
version: "1"
labels: {zh: 试, en: try}
class: hazard
level: notice
messages: {zh: "{zone}", en: "{zone}"}
"""

CONDITIONS = {
    "rate_up": "{kind: [pressure_transmitter, bare_transmitter], rate: {above: 20, hysteresis: 10, "
    "quantity: kPa/s, over_s: 2}}",
    "rate_down": "{kind: [pressure_transmitter], rate: {below: -0.1, hysteresis: 0.05, quantity: bar/s, over_s: 3}}",
    "moved": "{kind: [pressure_transmitter, bare_transmitter], changed: {by: 100, within_s: 3, quantity: kPa}}",
    "stuck": "{kind: pressure_transmitter, stuck: {by: 150, for_s: 4, quantity: kPa}}",
    "count_low": "{kind: pressure_transmitter, count: {at_least: 2, within_s: 30, "
    "of: {below: {limit: low, hysteresis: 12, quantity: kPa}}}}",
    "count_fires": "{kind: fire_panel, count: {at_least: 2, within_s: 6, of: {bits: {any: 0x2}}}}",
    "count_pictures": "{kind: camera, point: image, count: {at_least: 3, within_s: 20, of: {at_least: 1}}}",
    "flap_value": "{kind: camera, point: behaviour, flap: {changes: 4, within_s: 8}}",
    "flap_fire": "{kind: fire_panel, point: 'l1p*', flap: {changes: 3, within_s: 10, of: {bits: {any: 0x2}}}}",
    "w_min": "{kind: pressure_transmitter, window: {stat: min, over_s: 24, below: low, hysteresis: 30, quantity: kPa}}",
    "w_max": "{kind: pressure_transmitter, window: {stat: max, over_s: 24, above: 3.97, quantity: bar, "
    "min_coverage: 0.2, late_s: 1}}",
    "w_mean": "{kind: bare_transmitter, window: {stat: mean, over_s: 36, above: 301, hysteresis: 7, quantity: kPa, "
    "min_coverage: 0.3}}",
    "w_sum": "{kind: camera, point: ebike_count, window: {stat: sum, over_s: 24, moves: tumbling, above: 8.5, "
    "quantity: count, min_coverage: 0, late_s: 3}}",
    "w_std": "{kind: pressure_transmitter, window: {stat: std, over_s: 30, below: 61.3, hysteresis: 9, quantity: kPa, "
    "min_coverage: 0.3}}",
    "w_slope": "{kind: pressure_transmitter, window: {stat: slope, over_s: 24, above: 3.17, hysteresis: 2, "
    "quantity: kPa/s, min_readings: 3, min_coverage: 0.1}}",
    "w_p90": "{kind: [pressure_transmitter], window: {stat: percentile, percentile: 75, over_s: 24, above: 390, "
    "hysteresis: 6, quantity: kPa, min_coverage: 0.2}}",
    "w_p20": "{kind: pressure_transmitter, window: {stat: percentile, percentile: 40, over_s: 48, moves: tumbling, "
    "below: 256, hysteresis: 20, quantity: kPa, min_coverage: 0.1}}",
}
"""Rule -> its condition."""

POINT_RULES = ("flap_value", "count_pictures", "w_min", "rate_up")


def window_rules() -> str:
    """Return the rules as text, one after the other."""
    texts = []
    for name, condition in CONDITIONS.items():
        entity = "point" if name in POINT_RULES else "zone"
        texts.append(f"id: {name}\nentity: {entity}\ncondition: {condition}\n{HEAD.lstrip()}")
    return "---\n".join(texts)
