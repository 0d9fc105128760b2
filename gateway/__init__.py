"""Reads devices and hands what they said to the backbone, losing nothing.

Input: bytes of devices, over sockets and brokers (`connectors/<protocol>`).
Output: `ReadingBatch`es as Sparkplug B messages in TELEMETRY and BACKFILL.
"""

from pathlib import Path


def profiles_dir() -> Path:
    """Return the folder of the device profiles that come with the gateway."""
    return Path(__file__).parent / "profiles"
