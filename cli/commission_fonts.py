"""A font that has Chinese, for the PDF: one that the system has, or the one that is named.

Only the characters that are used go into the file. A character that neither the font nor the one behind it has is
written as ``?``: a box would look like a fault of the printer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]  # comes with fpdf2, without types

from domain.errors import RefusedError

PROBE = "消防火警烽燧测点"
"""Characters that a font must have to be of use here."""

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("~/.local/share/fonts"), Path("~/.fonts"))
KNOWN = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "uming.ttc",
)
"""File names of free fonts with simplified Chinese, the best first."""

BEHIND = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf")
"""Fonts that may have what the first one lacks."""

INSTEAD = "?"
MOST_FACES = 16
SIMPLIFIED = (" SC", " CN", " GB")
"""How the family of a face for simplified Chinese ends."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font file, which of its faces, and the characters that it has."""

    path: Path
    number: int
    characters: frozenset[int]


def find_face(named: Path | None = None) -> Face:
    """Return the font to write with; raises RefusedError with the package to install when there is none."""
    if named is not None:
        face = _face(named)
        if face is None:
            raise RefusedError(f"{named}：不是含中文的字体 / no font file with Chinese characters (.ttf, .ttc, .otf)")
        return face
    for path in _found(KNOWN):
        face = _face(path)
        if face is not None:
            return face
    raise RefusedError(
        "没有中文字体，无法生成 PDF：请安装 fonts-wqy-microhei 或 fonts-noto-cjk（apt install fonts-wqy-microhei），"
        "或用 --font 指定字体文件 / no Chinese font for the PDF: apt install fonts-wqy-microhei, or use --font"
    )


def face_behind() -> Face | None:
    """Return a font for signs that Chinese fonts lack, None where the system has none."""
    return next((face for path in _found(BEHIND) if (face := _face(path, probe="≥→")) is not None), None)


def writable(text: str, faces: Iterable[Face]) -> str:
    """Return a text of which every character can be drawn."""
    known = [face.characters for face in faces]
    return "".join(one if any(ord(one) in has for has in known) else INSTEAD for one in text)


def _found(names: Iterable[str]) -> Iterable[Path]:
    files = {path.name: path for folder in FOLDERS for path in folder.expanduser().rglob("*.[to]t[fc]")}
    return [files[name] for name in names if name in files]


def _face(path: Path, probe: str = PROBE) -> Face | None:
    """Return a face of a file that has all of ``probe``: that for simplified Chinese where it says so, else the first.

    Collections hold the same signs as they are written in Japan, Korea, China, Taiwan and Hong Kong.
    """
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    first: Face | None = None
    for number in range(MOST_FACES if path.suffix.lower() in (".ttc", ".otc") else 1):
        try:
            with path.open("rb") as file, TTFont(file, fontNumber=number, lazy=True) as font:
                characters = frozenset(font.getBestCmap() or ())
                name = str(font["name"].getDebugName(1) or "")
        except (OSError, TTLibError, ValueError, AssertionError, KeyError):
            break
        if all(ord(one) in characters for one in probe):
            face = Face(path, number, characters)
            if name.endswith(SIMPLIFIED):
                return face
            first = first or face
    return first
