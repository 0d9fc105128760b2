"""The Alertmanager API, version 2, over our record: for amtool, Grafana and Prometheus. See docs/api.md."""
