"""How a command finds and joins the backbone of a site."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from backbone.client import CONNECT_TIMEOUT_S, Backbone
from backbone.credentials import SERVICE, Credentials, gateway_user
from backbone.tls import TlsFiles
from cli.site_files import load_registry
from cli.state import State, latest_state, state_for
from domain.errors import LinkError, RefusedError
from domain.site import Registry

USER_VARIABLE = "FENGSUI_BACKBONE_USER"
DEFAULT_MQTT_PORT = 1883
ASK_S = 5.0
"""How long a person's command waits for it."""
CREDENTIAL = "backbone-password"
PASSWORD_VARIABLE = "FENGSUI_BACKBONE_PASSWORD"  # noqa: S105  # the name of a variable, not a password


@dataclass(frozen=True, slots=True)
class Session:
    """A site with its state folder."""

    site: Path
    registry: Registry
    state: State

    async def connect(self, name: str, timeout_s: float = CONNECT_TIMEOUT_S) -> Backbone:
        """Join the site's backbone as one of our services; raises LinkError or RefusedError."""
        settings = self.registry.site.backbone
        url, credentials = service_address(self.state, settings.url)
        return await Backbone.connect(
            url,
            credentials=credentials,
            name=name,
            partitions=settings.partitions,
            replicas=settings.replicas,
            timeout_s=timeout_s,
            tls=self.tls,
        )

    @property
    def tls(self) -> TlsFiles:
        """The certificates of the site's way to its backbone; none for the embedded server."""
        settings = self.registry.site.backbone
        return TlsFiles(ca_file=settings.ca_file, cert_file=settings.cert_file, key_file=settings.key_file)


def open_session(site: Path, state: Path | None = None) -> Session:
    """Load a site and choose its state folder; raises ConfigurationError with every problem."""
    registry = load_registry(site)
    return Session(site, registry, state_for(registry.site.site, state))


def service_address(state: State, external_url: str | None) -> tuple[str, Credentials | None]:
    """Return URL and credentials: of an external server from the environment, of ours from its files."""
    if external_url is not None:
        user, password = os.environ.get(USER_VARIABLE), os.environ.get(PASSWORD_VARIABLE) or _credential()
        return external_url, Credentials(user, password) if user and password else None
    try:
        ports = json.loads((state.nats / "ports.json").read_text())
        users = json.loads((state.nats / "users.json").read_text())
    except OSError as error:
        raise LinkError(f"no backbone has run in {state.root}: start the site first (fengsui up SITE)") from error
    return f"nats://127.0.0.1:{ports['client']}", Credentials(SERVICE, users[SERVICE])


def _credential() -> str | None:
    """Return the password that the service manager hands over as a file (systemd's LoadCredential), None without."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder) / CREDENTIAL if folder else None
    return file.read_text("utf-8").strip() if file is not None and file.is_file() else None


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """Where a gateway finds the backbone, and as whom it comes."""

    nats_url: str
    mqtt_host: str
    mqtt_port: int
    credentials: Credentials | None


def gateway_address(
    session: Session, unit: str, gateway: str, nats_url: str | None = None, mqtt_port: int | None = None
) -> GatewayAddress:
    """Return a gateway's way to the backbone; URL and port override what the site and its state say.

    On a machine of its own a gateway has no state of the server's: then both must be given, and its
    user and password come from the environment.
    """
    url, credentials = service_address(session.state, nats_url or session.registry.site.backbone.url)
    users, ports = session.state.nats / "users.json", session.state.nats / "ports.json"
    user = gateway_user(unit, gateway)
    if users.exists():
        known = json.loads(users.read_text())
        if user not in known:
            raise RefusedError(
                f"the backbone has no user for gateway {unit}/{gateway} yet: restart the site, which makes one"
            )
        credentials = Credentials(user, known[user])
    if mqtt_port is None:
        mqtt_port = json.loads(ports.read_text())["mqtt"] if ports.exists() else DEFAULT_MQTT_PORT
    return GatewayAddress(url, urlsplit(url.split(",")[0]).hostname or "127.0.0.1", mqtt_port, credentials)


async def connect_service(external_url: str | None = None) -> Backbone:
    """Join the backbone that runs here, for commands such as ``fengsui alerts list``."""
    state = latest_state()
    if state is None:
        raise LinkError("nothing has run here yet: start a site with 'fengsui up SITE', or name it in FENGSUI_STATE")
    url, credentials = service_address(state, external_url)
    return await Backbone.connect(url, credentials=credentials, name="cli", timeout_s=5)
