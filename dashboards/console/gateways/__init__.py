"""Gateways, transmitters and services: what stands behind the data, how it fares, what passes on its lines."""
