"""The vocabulary every package speaks: units, zones, devices, points, batches, alarms, alerts.

Input: what people wrote (site documents) and what devices measured, as plain values.
Output: frozen models, the `Registry` and the columnar `ReadingBatch`; no I/O but its own glossary.
"""
