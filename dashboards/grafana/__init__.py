"""Grafana as code: boards in Chinese and English from one builder, as JSON that is kept, checked and pushed."""
