"""Writes the telemetry log into a time-series store and answers questions about it.

Input: DDATA messages of TELEMETRY and BACKFILL.
Output: rows in DuckDB or InfluxDB; replies on `svc.query.*`.
"""
