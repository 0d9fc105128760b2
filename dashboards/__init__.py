"""The faces people look at: control-room console, HTTP API, Grafana boards.

Input: the service faces `alerts.face` and `ingest.face`, and the ALERTS stream.
Output: pages, JSON and server-sent events.
"""
