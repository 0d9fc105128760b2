"""The console process: backbone in the background, page and API in front, one event loop.

NiceGUI keeps its application in a module, so a process can serve one console in its life.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from nicegui import Client, ui

from dashboards.api.app import make_app
from dashboards.api.context import Context
from dashboards.api.door import Door
from dashboards.console.installer.adoption import Adopter
from dashboards.console.pace import Pace
from dashboards.console.page import add_page
from dashboards.console.socket_limits import MOST_MESSAGE
from dashboards.console.view import Console
from dashboards.live.backtest_desk import BacktestDesk
from dashboards.live.board import Board
from dashboards.live.device_desk import DeviceDesk
from dashboards.live.dossiers import Dossiers
from dashboards.live.feed import Feed
from dashboards.live.gateway_desk import GatewayDesk
from dashboards.live.link import Connect, Link
from dashboards.live.load import Load
from dashboards.live.mine_desk import MineDesk
from dashboards.live.once import Once
from dashboards.live.pictures import Pictures
from dashboards.live.shift_desk import ShiftDesk
from dashboards.live.site import LiveSite
from dashboards.live.tail import AlertTail
from dashboards.live.walks import WalkedPoints
from dashboards.live.windows import Windows
from dashboards.live.zone import zone_of
from domain.cancellation import heed_cancellation
from domain.clock import SystemClock
from domain.errors import FengsuiError, LinkError, RefusedError
from domain.site import Registry

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PATIENCE_S = 20.0
"""Time that a busy browser may take to answer a ping before its page starts anew; its own pulse warns after 5 s."""

GRACE_S = 3
"""Time that open requests get at the end, seconds."""

FAVICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='6' fill='#3d4650'/>"
    "<path d='M16 5c5 6 7 9 7 13a7 7 0 0 1-14 0c0-3 2-5 4-8 0 3 1 4 2 5 1-3 1-6 1-10z' fill='#f0f2f3'/></svg>"
)


async def serve(
    registry: Registry,
    *,
    connect: Connect,
    host: str,
    port: int,
    secret: str,
    api_token: str,
    sign_in: bool = False,
    adopt: Adopter | None = None,
    walked_points: WalkedPoints | None = None,
    stop: asyncio.Event | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve console and API until ``stop`` is set.

    Args:
        registry: The site.
        connect: Makes the backbone connection; called again until it succeeds. The page stands meanwhile.
        host: Address to listen on; anything but loopback needs ``sign_in``.
        port: 0 for any free one.
        secret: Makes the CSRF tokens of signed-in browsers.
        api_token: The installation's own bearer token, with all rights.
        sign_in: People sign in with their accounts; without it the console stands open, on loopback only.
        adopt: Writes transmitters that nobody registered into the site's files, where these are followed.
        walked_points: Says which points a walk test walks; the site's rules know.
        stop: Ends the process cleanly.
        on_ready: Called with the address once it answers.

    Raises:
        RefusedError: An open console was asked to listen to the network.
        LinkError: The address can't be listened on.
    """
    if not sign_in and host not in LOOPBACK:
        raise RefusedError(f"an open console listens on loopback only, not on {host}: let people sign in")
    clock, link, board, tail = SystemClock(), Link(connect), Board(), AlertTail()
    site = LiveSite(registry)
    feed = Feed(link, site, board, tail, clock)
    if walked_points is not None:
        feed.walks.points_of = walked_points
    door = Door(link, clock, api_token=api_token, secret=secret, is_open=not sign_in)
    pictures = Pictures(lambda: site.registry.site.console.pictures, clock)
    app = make_app(Context(site, link, board, tail, clock, door, pictures))
    zone = zone_of(registry.site.timezone)
    pace = Pace(board)
    console = Console(
        site,
        board,
        feed,
        link,
        clock,
        zone,
        door,
        pace,
        Once(),
        devices=DeviceDesk(link, clock),
        gateways=GatewayDesk(link, clock),
        shifts=ShiftDesk(link, board, clock),
        mine=MineDesk(link, board, clock),
        backtests=BacktestDesk(link, clock),
        dossiers=Dossiers(link, board, clock),
        windows=Windows(link, clock),
        load=Load(link, clock),
        pictures=pictures,
        adopter=adopt,
    )
    add_page(console)
    look: dict[str, Any] = {"favicon": FAVICON, "tailwind": False, "language": "zh-CN"}
    ui.run_with(app, reconnect_timeout=PATIENCE_S, show_welcome_message=False, **look)
    listener = _listen(host, port)
    server = _Server(app, lambda: _announce(_address(listener), on_ready))
    try:
        background = (feed.run(), pace.run(), _report(link, feed), _stop(server, tail, stop or asyncio.Event()))
        await _run(server, listener, background)
    finally:
        await link.close()


async def _run(
    server: uvicorn.Server, listener: socket.socket, background: Iterable[Coroutine[None, None, None]]
) -> None:
    """Run server, feed, pages and status together; a failure of one ends all, so that a supervisor sees it."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(task) for task in background]
        await server.serve(sockets=[listener])
        for task in tasks:
            task.cancel()


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers, the process has its own; says when it answers."""

    def __init__(self, app: FastAPI, on_started: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise LinkError(f"can't listen on {host}:{port}: {error.strerror or error}") from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _announce(address: str, on_ready: Callable[[str], None] | None) -> None:
    log.info("console at %s", address)
    if on_ready is not None:
        on_ready(address)


async def _stop(server: uvicorn.Server, tail: AlertTail, stop: asyncio.Event) -> None:
    await stop.wait()
    tail.close()
    server.should_exit = True


async def _report(link: Link, feed: Feed) -> None:
    """Write the console's own status document every second."""
    while True:
        heed_cancellation()
        browsers = sum(client.has_socket_connection for client in Client.instances.values())
        try:
            await link.backbone.put_status("console.main", {"browsers": browsers, "unreadable": feed.unreadable})
        except FengsuiError as error:
            log.debug("no status written: %s", error)
        await asyncio.sleep(1)
