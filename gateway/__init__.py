"""Reads devices and hands what they said to the backbone, losing nothing.

Input: bytes of devices, over sockets and brokers (`connectors/<protocol>`).
Output: `ReadingBatch`es as Sparkplug B messages in TELEMETRY and BACKFILL.
"""
