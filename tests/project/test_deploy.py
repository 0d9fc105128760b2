"""What is deployed: commands and paths exist, versions are pinned, nobody is root, secrets are files, ports local."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import typer
import yaml

from backbone.client import Backbone
from backbone.credentials import Credentials
from cli.app import app
from tests.ingest.store_servers import free_port
from tests.project.house import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = "set-up"
"""Ends when the store is set up."""
OURS = sorted(name for name, service in SERVICES.items() if name != ONCE and service["image"].startswith("fengsui:"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
PINNED = re.compile(r"[a-z0-9/-]+:\d+\.\d+\.\d+(-[a-z0-9.-]+)?")
PATIENCE_S = 30


def is_accepted(arguments: list[str]) -> None:
    """Assert that a command exists and knows all its options; nothing is run."""
    command: Any = typer.main.get_command(app)
    words = list(arguments)
    context = command.make_context("fengsui", [], resilient_parsing=True)
    while words and not words[0].startswith("-") and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
        context = command.make_context(command.name, [], parent=context, resilient_parsing=True)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert command.name != "fengsui", arguments
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, arguments


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_unprivileged_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"]), "a version, and no host of a registry"
    assert service["cap_drop"] == ["ALL"]
    assert "privileged" not in service
    if name == "own":
        assert service["cap_add"] == ["CHOWN"]
        assert service["network_mode"] == "none"
        return
    assert not service["user"].startswith("0")
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name == ONCE:
        assert service["restart"] == "on-failure"
        is_accepted(service["command"])
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= service["healthcheck"].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_loopback_and_secrets_are_files(name: str) -> None:
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    for variable, value in (service.get("environment") or {}).items():
        if re.search("PASSWORD|TOKEN|SECRET", variable):
            assert variable.endswith("_FILE"), variable
            assert value.startswith("/run/secrets/")
    used = [one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])]
    assert set(used) <= COMPOSE["secrets"].keys()
    named = {str(value).removeprefix("/run/secrets/") for value in (service.get("environment") or {}).values()
             if str(value).startswith("/run/secrets/")}  # fmt: skip
    assert named <= set(used)


def test_volumes_and_dependencies_exist() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= SERVICES.keys()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), name
            elif not source.startswith("${"):
                assert source in COMPOSE["volumes"], name


def test_every_process_of_a_site_has_its_container_and_the_command_exists() -> None:
    assert OURS == ["alerts", "console", "gateway", "ingest", "rules"]
    for name in OURS:
        is_accepted(SERVICES[name]["command"])
        assert SERVICES[name]["read_only"] is True
        script = SERVICES[name]["healthcheck"]["test"][2]
        assert script in CONTAINERFILE


def test_the_image_has_all_packages_and_only_hashed_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (.*)$", CONTAINERFILE, re.MULTILINE)]
    sources = {source for group in copied for source in group}
    assert set(packages) <= sources
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= sources
    assert all((ROOT / source).exists() for source in sources)
    assert "--require-hashes -r /opt/fengsui/requirements.lock" in CONTAINERFILE
    installs = [line for line in CONTAINERFILE.splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    base = re.findall(r"^FROM (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert all(PINNED.fullmatch(image) for image in base)
    user = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.MULTILINE)
    assert user
    assert not user[-1].startswith(("0", "root"))


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_commands_of_the_units_exist(unit: Path) -> None:
    text = unit.read_text("utf-8")
    (start,) = re.findall(r"^ExecStart=/opt/fengsui/bin/(\S+) (.*)$", text, re.MULTILINE)
    if start[0] != "fengsui":
        assert start[0] == "nats-server"
        return
    instances = ("ingest", "rules", "alerts", "console") if unit.name == "fengsui-process@.service" else ("x",)
    for instance in instances:
        is_accepted(start[1].replace("%i", instance).split())


def test_files_and_options_that_the_document_names_exist() -> None:
    text = (ROOT / "docs" / "install.md").read_text("utf-8")
    lines = [line for block in SHELL.findall(text) for line in block.splitlines()]
    for line in lines:
        for path in re.findall(r"(?<!\S)deploy/[A-Za-z0-9_.@/-]+", line):
            assert (ROOT / path).exists(), line
        for words in re.findall(r"(?<![\w-])fengsui ([a-z-]+ .*)", line.split("#")[0]):
            if line.lstrip().startswith(("fengsui ", "/opt/fengsui/bin/fengsui ")):
                is_accepted(words.split())
    for unit in re.findall(r"fengsui-(?:nats|process@\w+)", text):
        file = f"{unit.split('@')[0]}@.service" if "@" in unit else f"{unit}.service"
        assert (DEPLOY / "systemd" / file).exists()


def made_secrets(folder: Path) -> dict[str, bytes]:
    """Run the script and return what it made."""
    done = subprocess.run(["sh", str(DEPLOY / "secrets.sh"), str(folder)], capture_output=True, check=True)
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert not any(secret in done.stdout + done.stderr for secret in made.values())
    return made


def test_secrets_are_made_once_in_a_closed_folder(tmp_path: Path) -> None:
    made = made_secrets(tmp_path / "secrets")
    assert made_secrets(tmp_path / "secrets") == made, "nothing is replaced"
    assert made.keys() == {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    assert len(set(made.values())) == len(made)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


def local_configuration(folder: Path, port: int) -> Path:
    """Write the configuration with free loopback ports and its files below ``folder``."""
    text = (DEPLOY / "nats" / "nats.conf").read_text("utf-8")
    for old, new in (
        ("0.0.0.0:4222", f"127.0.0.1:{port}"), ("127.0.0.1:8222", f"127.0.0.1:{free_port()}"),
        ("0.0.0.0:1883", f"127.0.0.1:{free_port()}"), ("/data/jetstream", str(folder / "jetstream")),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    (folder / "nats.conf").write_text(text, "utf-8")
    return folder / "nats.conf"


async def test_the_configuration_of_nats_with_made_secrets_carries_our_streams(tmp_path: Path) -> None:
    made = made_secrets(tmp_path / "secrets")
    (tmp_path / "users.conf").write_bytes(made["users.conf"])
    port = free_port()
    program = Path(sys.executable).with_name("nats-server")
    server = await asyncio.create_subprocess_exec(
        str(program), "-c", str(local_configuration(tmp_path, port)), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        credentials = Credentials("service", made["backbone-password"].decode())
        address = f"nats://127.0.0.1:{port}"
        async with await Backbone.connect(
            address, credentials=credentials, name="test", timeout_s=PATIENCE_S
        ) as backbone:
            await backbone.ensure_streams()
            await backbone.put_status("ingest.main", {"store": "up"})
    finally:
        server.terminate()
        await server.wait()


def test_what_the_image_copies_installs_by_its_command(tmp_path: Path) -> None:
    for words in re.findall(r"^COPY (.*)$", CONTAINERFILE, re.MULTILINE):
        *sources, target = words.split()
        if not target.startswith("/opt/fengsui/src/"):
            continue
        for source in sources:
            destination = tmp_path / "src" / source
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, destination, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                destination.parent.mkdir(exist_ok=True)
                shutil.copyfile(ROOT / source, destination)
    install = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target"]
    command = [sys.executable, "-m", "pip", *install, str(tmp_path / "installed"), str(tmp_path / "src")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "installed" / "bin" / "fengsui").is_file()
    assert (tmp_path / "installed" / "domain" / "glossary.csv").is_file()


class ConsoleAsDocumented(BaseHTTPRequestHandler):
    """Answers as the console's ``/readyz`` and ``/healthz`` do; it is none."""

    conditions: ClassVar[dict[str, str]] = {"ingest.main": "fine", "rules.main": "silent", "hotel/gw-east": "fine"}

    def do_GET(self) -> None:
        body = {"status": "alive"} if self.path == "/healthz" else {"ready": False, "conditions": self.conditions}
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def console_as_documented() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), ConsoleAsDocumented) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def health(address: str, *arguments: str) -> int:
    command = [sys.executable, str(DEPLOY / "health.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, env={"FENGSUI_CONSOLE": address}).returncode


def test_health_of_a_container_is_what_the_console_says() -> None:
    with console_as_documented() as address:
        assert health(address) == 0
        assert health(address, "ingest.main") == 0
        assert health(address, "hotel/gw-east") == 0
        assert health(address, "rules.main") == 1
        assert health(address, "alerts.main") == 1
    assert health(f"http://127.0.0.1:{free_port()}") == 1
