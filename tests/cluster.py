"""Three nats-servers as one JetStream cluster on loopback: killed and started again by their own process ids."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.server import find_binary, free_ports
from domain.cancellation import heed_cancellation
from domain.errors import LinkError, RefusedError
from tests.servers import answering

NODES = 3
USER = Credentials("service", "only for tests")


@dataclass(slots=True)
class Node:
    """One server of the cluster."""

    name: str
    port: int
    config: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        with self.config.with_suffix(".log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                str(find_binary()), "--config", str(self.config), stdout=log, stderr=log
            )
        await answering(self.port)

    async def kill(self) -> None:
        """End it without warning (kill -9)."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass(slots=True)
class Cluster:
    """All nodes; ``url`` is what a site would write."""

    nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """All addresses, with commas between them."""
        return ",".join(f"nats://127.0.0.1:{node.port}" for node in self.nodes.values())

    async def connect(self, name: str, partitions: int) -> Backbone:
        """Join as a service whose streams have three replicas."""
        return await Backbone.connect(
            self.url, credentials=USER, name=name, partitions=partitions, replicas=NODES, timeout_s=60
        )

    async def leader_of(self, backbone: Backbone, stream: str, timeout_s: float = 60) -> Node:
        """Return the node that leads a stream, once all its replicas are there and up to date."""
        async with asyncio.timeout(timeout_s):
            while True:
                heed_cancellation()
                try:
                    cluster = (await backbone._js.stream_info(stream)).cluster
                except Exception:  # noqa: BLE001  # an election: any of nats-py's errors means "not yet"
                    cluster = None
                replicas = (cluster.replicas or []) if cluster else []
                if cluster and cluster.leader and len(replicas) == NODES - 1 and all(one.current for one in replicas):
                    return self.nodes[cluster.leader]
                await asyncio.sleep(0.1)


@asynccontextmanager
async def cluster_of_three(folder: Path) -> AsyncIterator[Cluster]:
    """Run a cluster with its files below ``folder``."""
    ports = free_ports(2 * NODES)
    cluster = Cluster()
    routes = [f"nats://127.0.0.1:{port}" for port in ports[NODES:]]
    for number in range(NODES):
        name = f"n{number}"
        config = folder / f"{name}.conf"
        config.write_text(json.dumps(_config(name, folder / name, ports[number], ports[NODES + number], routes)))
        cluster.nodes[name] = Node(name, ports[number], config)
    try:
        await asyncio.gather(*(node.start() for node in cluster.nodes.values()))
        yield cluster
    finally:
        for node in cluster.nodes.values():
            await node.kill()


@asynccontextmanager
async def member(cluster: Cluster, name: str = "test", *, partitions: int = 2) -> AsyncIterator[Backbone]:
    """Connect, and make the streams as soon as the cluster has a leader."""
    async with await cluster.connect(name, partitions) as backbone:
        while True:
            heed_cancellation()
            try:
                await backbone.ensure_streams()
            except (LinkError, RefusedError):
                await asyncio.sleep(0.2)
            else:
                break
        yield backbone


def _config(name: str, store: Path, port: int, route_port: int, routes: list[str]) -> dict[str, object]:
    return {
        "server_name": name,
        "listen": f"127.0.0.1:{port}",
        "jetstream": {"store_dir": str(store), "max_file_store": 64 * 2**30},
        "cluster": {"name": "fengsui", "listen": f"127.0.0.1:{route_port}", "routes": routes},
        "authorization": {"users": [{"user": USER.user, "password": USER.password}]},
    }
