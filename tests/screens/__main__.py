"""`make screenshots`: play the demos, photograph every page in both languages, and make a sheet to look through.

Pictures and ``index.html`` go to ``var/screenshots`` (``ARGS=folder`` for another).
Exit code 1 when a browser complained.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from dashboards.console.texts import Language
from tests.dashboards.desks import chromium
from tests.screens.camera import Camera
from tests.screens.shots import Shot, shots
from tests.screens.stage import DISTRICT, HOTEL, NIGHT, Stage, stage
from tests.screens.story import district_night, hotel_night

OUT = Path("var/screenshots")
SITES = (
    (HOTEL, NIGHT, hotel_night, ""),
    (DISTRICT, None, district_night, "district-"),
)


async def main(folder: Path) -> int:
    """Photograph both example sites."""
    out = Console()
    faults: list[str] = []
    for site, scenario, night, prefix in SITES:
        with tempfile.TemporaryDirectory() as state:
            async with stage(Path(state) / "state", site, scenario) as running, night(running) as places:
                faults += await _photograph(running, places, folder, prefix, out)
    count = sheet(folder)
    for fault in faults:
        out.print(f"[bold red]✗[/] {fault}", highlight=False)
    out.print(f"{count} pictures in {folder}; look at {folder / 'index.html'}")
    return 1 if faults else 0


def without_pictures(folder: Path) -> Path:
    """Return a folder that has no pictures and no sheet of an earlier run; whatever else is in it stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.png"), folder / "index.html"):
        old.unlink(missing_ok=True)
    return folder


def wanted_folder(words: Sequence[str]) -> Path:
    """Return the folder that a command line asks for."""
    parser = argparse.ArgumentParser(
        prog="make screenshots",
        description="Play both demos and photograph every page of the console, in both languages; see index.html.",
        epilog='example: make screenshots ARGS="var/before"',
    )
    parser.add_argument("folder", nargs="?", type=Path, default=OUT, help=f"where pictures go (default: {OUT})")
    folder: Path = parser.parse_args(words).folder
    return folder


async def _photograph(running: Stage, places: Mapping[str, str], folder: Path, prefix: str, out: Console) -> list[str]:
    wanted = sorted((shot for shot in shots() if fits(shot, places)), key=lambda shot: shot.role)
    async with chromium() as browser:
        camera = Camera(browser, running.url, folder, prefix)
        with Progress(console=out) as progress:
            task = progress.add_task(f"{prefix}pages", total=len(wanted) * len(Language))
            for language in Language:
                for role, of_role in groupby(wanted, key=lambda shot: shot.role):
                    async with camera.signed_in(role, language) as context:
                        for shot in of_role:
                            await camera.take(context, shot, language, places)
                            progress.advance(task)
        return camera.faults


def fits(shot: Shot, places: Mapping[str, str]) -> bool:
    """Tell whether the stage has what a shot shows."""
    try:
        shot.path.format_map(places)
    except KeyError:
        return False
    return True


def sheet(folder: Path) -> int:
    """Write a page with all pictures, to look through them; returns how many there are."""
    figures = [
        f"<figure><figcaption>{html.escape(file.stem)}</figcaption><img src='{html.escape(file.name)}'></figure>"
        for file in sorted(folder.glob("*.png"))
    ]
    head = "<!doctype html><meta charset=utf-8><style>img{max-width:100%;border:1px solid #999}</style>"
    (folder / "index.html").write_text(head + "\n".join(figures), encoding="utf-8")
    return len(figures)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(without_pictures(wanted_folder(sys.argv[1:])))))
