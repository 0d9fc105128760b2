"""A control room whose hotel has a camera, telephones, a roster and a maintenance firm: for the page of one alarm.

The premises are those of `tests.dashboards.premises`, with what that page shows beside them. Readings around an alarm
have a hole and a bad stretch, so that a chart has something to say about both.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from domain.clock import NS_PER_S
from domain.documents import Document
from domain.quality import BAD, GOOD, Reason, pack
from domain.site import Registry, build_registry
from rules.cards import cards_of
from rules.face import CATALOGUE, Catalogue
from tests.dashboards import premises as hotel
from tests.dashboards.cameras import Camera, camera
from tests.dashboards.control_room import API_TOKEN, GATEWAY, Console, ControlRoom, Puppets, _alerts, _task
from tests.rules.rules_scene import ruleset
from tests.servers import connected, embedded_server

RULE = "pressure_low"
"""The rule of the library whose words the room knows."""
PHONES = {"p-chen": "138 0013 8001", "p-lin": "+86 591 8700 1234", "p-he": "13900139000"}


def registry_of(settings: dict[str, Any]) -> Registry:
    """Return the hotel with people to call; pictures are fetched below ``settings["pictures"]``."""
    site = copy.deepcopy(hotel._site(settings["phone_url"]))  # our own premises, with more in them
    names = {"p-lin": ("林经理", "Ms Lin", "safety_manager"), "p-he": ("何师傅", "Mr He", "unit_staff")}
    for name, (zh, en, role) in names.items():
        person = {"id": name, "role": role, "labels": hotel.labels(zh, en), "channels": ["phone"]}
        site["people"].append(person)
    for person in site["people"]:
        if person["id"] in PHONES:
            person["phone"] = PHONES[person["id"]]
    site["people"][0]["deputies"] = ["p-he"]
    site["units"][0] |= {"safety_manager": "p-lin", "maintenance_firm": "roster:firm"}
    shift = {"id": "always", "people": ["p-he"]}
    site["rosters"] = [
        {"id": "watch", "labels": hotel.labels("控制室值班", "control room"), "shifts": [shift]},
        {"id": "firm", "labels": hotel.labels("维保值班", "firm's duty"), "shifts": [shift]},
    ]
    site["escalation"][0]["steps"][0]["to"].append("roster:watch")
    school: dict[str, Any] = {"id": "school", "labels": hotel.labels("实验小学", "School")}
    school["buildings"] = [{"id": "a", "labels": hotel.labels("甲楼", "A")}]
    site["units"].append(school)
    site["console"] = {"pictures": settings["pictures"], "grafana": None}
    gateways, profiles = hotel._GATEWAY, hotel._PROFILES  # as above
    return build_registry(
        Document("site.yaml", site),
        [Document("gw-east.yaml", gateways)],
        [Document("p.yaml", one) for one in profiles],
    )


class Instruments(Puppets):
    """Puppets whose readings around a moment have a hole and a bad stretch."""

    async def answer(self, backbone: Backbone) -> None:
        """Serve the questions of the page."""
        await backbone.serve("svc.query.latest", self._latest)
        await backbone.serve("svc.query.range", _range)
        await backbone.serve(f"svc.{self.gateway_key}", self._command)


async def _range(body: dict[str, Any]) -> dict[str, Any]:
    """Answer with a fall below the low limit (250 kPa), a minute of silence, and a bad minute; a reading in 2 s."""
    start, end = body["start_ns"], body["end_ns"]
    step_ns = 2 * NS_PER_S
    rows = [(start + at * step_ns, at) for at in range((end - start) // step_ns) if not 100 <= at < 130]
    quality = [pack(BAD, Reason.TIMEOUT) if 150 <= at < 180 else GOOD for _, at in rows]
    values = [None if 150 <= at < 180 else 652.0 - (452.0 if at >= 290 else 0.0) + at % 5 for _, at in rows]
    return {
        "series": [
            {"point": point, "time_ns": [time for time, _ in rows], "value": values, "quality": quality}
            for point in body["points"]
        ]
    }


@dataclass
class DetailRoom(ControlRoom):
    """A running room with a camera."""

    camera: Camera | None = None

    @property
    def cam(self) -> Camera:
        """The camera below whose address pictures are fetched."""
        assert self.camera is not None
        return self.camera


@asynccontextmanager
async def detail_room(folder: Path, *, operator_password: str | None = None) -> AsyncIterator[DetailRoom]:
    """Open the room; everything in it is stopped at the end."""
    async with (
        embedded_server(folder, [("hotel", "gw-east")]) as server,
        connected(server) as backbone,
        camera() as cam,
    ):
        card = next(one for one in cards_of(ruleset()) if one.name == RULE)
        await backbone.kv_put(RULES_BUCKET, CATALOGUE, Catalogue(version="1", cards=(card,)).encode())
        puppets = Instruments(GATEWAY)
        await puppets.answer(backbone)
        service = server.credentials["service"]
        settings = {
            "url": server.url,
            "user": service.user,
            "password": service.password,
            "port": 0,
            "api_token": API_TOKEN,
            "sign_in": operator_password is not None,
            "premises": "tests.dashboards.detail_room",
            "pictures": [cam.url],
            "phone_url": cam.gives("push", b"{}"),
        }
        async with (
            _alerts(folder, registry_of(settings), backbone, operator_password) as stop_alerts,
            _task(puppets.speak(backbone)),
        ):
            console = Console(settings, folder / "console.log")
            await console.start()
            try:
                yield DetailRoom(server, backbone, puppets, console, stop_alerts, camera=cam)
            finally:
                assert await console.stop() in (0, -9), console.log.read_text()
