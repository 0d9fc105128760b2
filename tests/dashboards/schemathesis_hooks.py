"""Loaded by schemathesis (``SCHEMATHESIS_HOOKS``).

It counts connections in urllib3's pools, which urllib3-future, that another library of ours puts in urllib3's place,
keeps otherwise. Without the count nothing is sent a second time.
"""

from __future__ import annotations

from requests import Session
from schemathesis.transport import requests as transport


def _unknown(session: Session) -> int:  # noqa: ARG001  # the name that is called
    return 0


transport._count_opened_connections = _unknown
