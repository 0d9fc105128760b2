"""The API keeps what its description says: schemathesis sends what fits it and what does not, over all routes."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.dashboards.control_room import API_TOKEN, ROOT, control_room

HOOKS = "tests.dashboards.schemathesis_hooks"

SECONDS = 75
"""Time for fuzzing, after the examples at the bounds of every parameter were tried."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "use_after_free",
)


@pytest.mark.timeout(400)  # the fuzzing time begins after all examples, on a machine that may be busy
async def test_the_api_keeps_its_description(tmp_path: Path) -> None:
    async with control_room(tmp_path) as room:
        await room.alarm("fuzzed")
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            f"{room.console.url}api/v1/openapi.json",
            "--checks",
            ",".join(CHECKS),
            "--header",
            f"Authorization: Bearer {API_TOKEN}",
            "--max-examples",
            "6",
            "--seed",
            "7",
            "--generation-deterministic",
            "--phases",
            "examples,coverage,fuzzing",
            "--max-time",
            str(SECONDS),
            "--request-timeout",
            "20",
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
            "--no-color",
            "--exclude-path",
            "/api/v1/events",  # never ends unless it is asked to: see test_api_events
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "160", "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": HOOKS},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        written, _ = await process.communicate()
    (tmp_path / "schemathesis.txt").write_bytes(written)
    assert process.returncode == 0, written.decode()[-20_000:]
