"""The lines of YAML that make a known transmitter of a stranger.

They go under ``transmitters:`` of the connection with ``protocol: gb26875``. What nobody but the installer
knows stands in capitals (``UNIT``, ``ZONE``): ``fengsui check`` refuses the file until it is filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cli.yaml_writer import one_line
from domain.site import Labels
from domain.site.transmitters import AUTO
from gateway.connectors.gb26875.profiles import PROFILES, STANDARD

UNKNOWN_UNIT = "UNIT"
UNKNOWN_ZONE = "ZONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """What is known of a transmitter that nobody registered. ``address`` is written as its device profile does."""

    address: str
    profile: str = AUTO
    unit: str = UNKNOWN_UNIT
    peer: str | None = None
    remark: str = ""
    name: str = ""
    zone: str = UNKNOWN_ZONE
    labels: Labels | None = None
    duty: bool = True


def stanza(stranger: Stranger, indent: int = 6) -> str:
    """Return the list entry for ``transmitters:``, indented as in a gateway file."""
    labels = stranger.labels or Labels(zh=f"用户信息传输装置 {stranger.address}", en=f"Transmitter {stranger.address}")
    lines = [
        f"- id: {one_line(stranger.name or transmitter_id(stranger.address))}",
        f"  unit: {one_line(stranger.unit)}"
        + ("            # 所属单位 / its unit" if stranger.unit == UNKNOWN_UNIT else ""),
        f"  address: {_address(stranger.address)}",
        *([f'  peer: "{stranger.peer}"'] if stranger.peer else []),
        f"  profile: {_profile(stranger.profile)}",
        f"  zone: {one_line(stranger.zone)}"
        + ("            # 安装部位 / the zone it hangs in" if stranger.zone == UNKNOWN_ZONE else ""),
        f"  labels: {one_line(labels.model_dump())}",
        *([] if stranger.duty else ["  duty: false"]),
    ]
    if stranger.remark:
        lines.insert(0, f"# {' '.join(stranger.remark.split())}")
    return "\n".join(" " * indent + line for line in lines)


def transmitter_id(address: str) -> str:
    """Return an id made of an address: ``utd-889``, ``utd-192-168-1-4-7533``."""
    return f"utd-{re.sub(r'[^A-Za-z0-9]+', '-', address).strip('-')}"[:64]


def _profile(name: str) -> str:
    """Write a deviation that has a name; what frames prove without one, the gateway finds again by itself."""
    return name if name in PROFILES and name != STANDARD.name else AUTO


def _address(address: str) -> str:
    """Write a number as one, anything else (leading zeros too: they are digits of a code) in quotes."""
    return address if address.isdecimal() and str(int(address)) == address else f'"{address}"'
