"""Whatever links, points, readings and outages do: a foreign host accepts the whole log.

The host follows the specification to the letter (`tests.gateway.foreign_host`): no gap in a sequence, no data
before a birth or after a death, no alias that no birth has named.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backbone.client import Backbone
from backbone.server import EmbeddedServer
from domain.words import COMPONENT_STATE, FIRE_BITS
from tests.gateway.foreign_host import ForeignHost
from tests.gateway.house import House, found, hosting_registry, house, node
from tests.servers import connected, embedded_server

NODES = 3
number = st.integers(0, NODES - 1)
step = st.one_of(
    st.tuples(st.just("tell"), number, st.integers(0, 4)),
    st.tuples(st.just("tell"), number, st.integers(0, 4)),
    st.tuples(st.sampled_from(["up", "down", "rebirth"]), number, st.just(0)),
    st.tuples(st.sampled_from(["settle", "pause"]), st.just(0), st.just(0)),
    st.tuples(st.sampled_from(["server lost", "own session lost"]), st.just(0), st.just(0)),
)
Step = tuple[str, int, int]


class Story:
    """Plays steps on a house, and knows what must stand in the log at the end."""

    def __init__(self, place: House, server: EmbeddedServer) -> None:
        self.place = place
        self.server = server
        self.told: list[tuple[str, str, float]] = []

    async def play(self, steps: list[Step]) -> None:
        for kind, at, what in steps:
            await self.one(kind, at, what)

    async def one(self, kind: str, at: int, what: int) -> None:
        hosting = self.place.hosting
        match kind:
            case "tell":
                name = f"c{what}"
                hosting.learn([found(at, name)])
                await self.place.tell(at, name, len(self.told))
                self.told.append((node(at), name, float(len(self.told))))
            case "up":
                hosting.up(node(at))
            case "down":
                hosting.down(node(at))
            case "rebirth":
                self.place.nodes.repeat_births([node(at)])
            case "settle":
                await self.place.emptied()
            case "pause":
                await asyncio.sleep(0.01)
            case "server lost":
                await self.server.kill()
                await self.server.start()
            case _:
                await self.place.own.birth(self.place.own.bd_seq + 1)
                self.place.nodes.repeat_births()


def of_kind(told: list[tuple[str, str, float]], *, is_fire: bool) -> list[tuple[str, str, float]]:
    return [one for one in told if bool(int(one[2]) & FIRE_BITS[COMPONENT_STATE]) is is_fire]


async def whole_log(backbone: Backbone, *, mending: bool = False) -> ForeignHost:
    host = ForeignHost(mending=mending)
    host.take(await backbone.messages("TELEMETRY"))
    return host


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(step, max_size=30))
def test_a_foreign_host_accepts_whatever_happens_and_misses_nothing(steps: list[Step]) -> None:
    async def play(folder: Path) -> None:
        async with (
            embedded_server(folder) as server,
            connected(server) as backbone,
            house(folder, hosting_registry(NODES)) as place,
        ):
            story = Story(place, server)
            async with place.speaking(backbone):
                await story.play(steps)
                await place.emptied()
            host = await whole_log(backbone)
        for is_fire in (True, False):  # fire may go first; each kind keeps its order
            assert of_kind(host.order, is_fire=is_fire) == of_kind(story.told, is_fire=is_fire)
        assert not any(seen.alive for key, seen in host.nodes.items() if key != f"hotel/{place.own.node}")

    with TemporaryDirectory() as name:
        asyncio.run(play(Path(name)))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(step, max_size=12), min_size=2, max_size=4))
def test_after_any_number_of_kills_all_is_told_and_every_hole_is_mended(lives: list[list[Step]]) -> None:
    async def play(folder: Path) -> None:
        registry = hosting_registry(NODES)
        told: list[tuple[str, str, float]] = []
        async with embedded_server(folder) as server, connected(server) as backbone:
            for life, steps in enumerate(lives):
                last = life == len(lives) - 1
                async with house(folder, registry, life=life) as place:
                    story = Story(place, server)
                    story.told = told
                    async with place.speaking(backbone, farewell=last):
                        await story.play(steps)
                        if last:
                            await place.emptied()
            host = await whole_log(backbone, mending=True)
        assert sorted(host.order) == sorted(told)
        hosted = [seen for key, seen in host.nodes.items() if not key.endswith(place.own.node)]
        assert all(seen.holes == 0 and not seen.alive for seen in hosted)

    with TemporaryDirectory() as name:
        asyncio.run(play(Path(name)))
