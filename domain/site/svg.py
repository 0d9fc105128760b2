"""A strict reader of floor plans: bytes of outside people → a drawing that can do nothing but be seen.

What comes out is not what came in: the drawing is written anew from the elements and attributes named here, so
nothing that this file does not know can reach a browser. What draws something and is not known is an error with its
line, so that nobody hangs a plan on the wall from which a stair is missing; what draws nothing (names, classes, an
editor's own notes) is left out.

| limit | value |
|---|---|
| file | 256 KiB, UTF-8 |
| elements, depth | 5,000, 32 |
| one path or list of points | 32 KiB |
| one text | 200 characters |

Not read: document types and entities (so no entity bombs), processing instructions, ``script``, ``style``, ``use``,
``image``, ``a``, ``foreignObject``, animations, gradients, filters, events (``on…``), addresses (``href``, ``url()``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from domain.errors import WireError

MOST_BYTES = 256 * 1024
MOST_ELEMENTS, MOST_DEPTH = 5_000, 32
MOST_PATH, MOST_TEXT = 32 * 1024, 200
MOST_SIDE = 1_000_000.0
BOX_NUMBERS = 4

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

PLAIN = "save it as plain SVG, drawn with lines, shapes and texts only"
DRAWING = frozenset({"g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan"})
TEXTS = frozenset({"text", "tspan"})
NOTES = frozenset({"title", "desc", "metadata", "defs"})
"""Elements of SVG that draw nothing by themselves: left out, and nothing of SVG may stand in them."""

OF_THE_ROOT = frozenset({"viewBox", "width", "height", "x", "y"})
UNDRAWN = frozenset(
    {"id", "class", "version", "baseProfile", "preserveAspectRatio", "role", "lang", "tabindex", "focusable"}
    | {"font-family", "shape-rendering", "text-rendering", "color-interpolation", "enable-background"}
)
"""Attributes that may be left out: they name things, or the page decides."""

_NUMBER = r"[+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(?:[eE][+-]?\d{1,2})?"
_NUMBERS = r"[0-9eE+\-.,\s]*"
_TRANSFORM = rf"(?:(?:matrix|translate|scale|rotate|skewX|skewY)\s*\({_NUMBERS}\)[\s,]*)*"
_COLOUR = r"none|currentColor|transparent|#[0-9A-Fa-f]{3,8}|[a-z]{3,24}|rgba?\([\d\s.,%]{1,40}\)"

_LENGTH = re.compile(rf"\s*{_NUMBER}\s*(?:px|%|em)?\s*")
_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        (
            *("x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "x1", "y1", "x2", "y2", "dx", "dy", "rotate"),
            *("stroke-width", "stroke-miterlimit", "stroke-dashoffset", "font-size", "letter-spacing", "textLength"),
            *("opacity", "fill-opacity", "stroke-opacity"),
        ),
        _LENGTH,
    ),
    "d": re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE+\-.,\s]*"),
    "points": re.compile(_NUMBERS),
    "transform": re.compile(_TRANSFORM),
    **dict.fromkeys(("fill", "stroke", "color"), re.compile(_COLOUR)),
    "stroke-dasharray": re.compile(rf"none|{_NUMBERS}"),
    **dict.fromkeys(
        (
            *("stroke-linecap", "stroke-linejoin", "fill-rule", "text-anchor", "dominant-baseline", "font-weight"),
            *("font-style", "visibility", "display", "writing-mode", "vector-effect"),
        ),
        re.compile(r"[a-z0-9-]{1,24}"),
    ),
}
"""Attributes that draw → what their values may be."""


class SvgError(WireError):
    """A drawing that is not taken; ``line`` is where, from 1."""

    def __init__(self, reason: str, line: int, mend: str = PLAIN) -> None:
        """``reason`` and ``mend`` are for the person who made the drawing."""
        super().__init__(reason)
        self.line = line
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Drawing:
    """A safe drawing: its own coordinates (``x``, ``y``, ``width``, ``height``) and the elements within."""

    x: float
    y: float
    width: float
    height: float
    content: str

    def __contains__(self, at: object) -> bool:
        """Tell whether ``(x, y)`` lies on it, its edge included."""
        if not isinstance(at, tuple):
            return False
        x, y = at
        return bool(self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height)

    @property
    def box(self) -> str:
        """Its ``viewBox``."""
        return f"{self.x:g} {self.y:g} {self.width:g} {self.height:g}"

    @property
    def markup(self) -> str:
        """The whole drawing as an SVG document."""
        return f'<svg xmlns="{SVG}" viewBox="{self.box}">{self.content}</svg>'


def read_svg(raw: bytes) -> Drawing:
    """Return the drawing; raises `SvgError` for the first thing in it that is not taken."""
    if len(raw) > MOST_BYTES:
        raise SvgError(f"larger than {MOST_BYTES} bytes", 1, "simplify the drawing: a plan takes 5 to 50 kB")
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SvgError("not UTF-8 text", line, "save the file as UTF-8; it may have been saved as GBK") from error
    return _Reader().read(raw)


class _Reader:
    """One pass over one file."""

    def __init__(self) -> None:
        self._parser = parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.EntityDeclHandler = self._refuse_entity
        parser.ProcessingInstructionHandler = self._refuse_instruction
        self._out: list[str] = []
        self._open: list[str] = []
        self._skipped = 0
        self._elements = 0
        self._box: tuple[float, float, float, float] | None = None

    def read(self, raw: bytes) -> Drawing:
        """Return the drawing; raises `SvgError`."""
        try:
            self._parser.Parse(raw, True)
        except expat.ExpatError as error:
            said = expat.errors.messages.get(error.code, expat.ErrorString(error.code))
            raise SvgError(f"not XML: {said}", error.lineno, PLAIN) from error
        if self._box is None:
            raise self._error("no drawing in it")
        return Drawing(*self._box, "".join(self._out))

    def _error(self, reason: str, mend: str = PLAIN) -> SvgError:
        return SvgError(reason, max(1, self._parser.CurrentLineNumber), mend)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("a document type may not stand in a plan", "remove the line that begins with <!DOCTYPE")

    def _refuse_entity(self, *_: object) -> None:
        raise self._error("an entity may not stand in a plan", "write the text itself")

    def _refuse_instruction(self, *_: object) -> None:
        raise self._error("a processing instruction may not stand in a plan", "remove the line that begins with <?")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise self._error(f"more than {MOST_ELEMENTS} elements", "simplify the drawing")
        if len(self._open) + self._skipped >= MOST_DEPTH:
            raise self._error(f"nested deeper than {MOST_DEPTH} levels", "ungroup the drawing")
        if self._box is None:
            self._root(space, name, attributes)
        elif self._skipped or space != SVG or name in NOTES:
            self._skip(space, name)
        else:
            self._element(name, attributes)

    def _root(self, space: str, name: str, attributes: dict[str, str]) -> None:
        if (space, name) != (SVG, "svg"):
            raise self._error("not an SVG drawing", f'begin the file with <svg xmlns="{SVG}" viewBox=…>')
        self._box = self._view_box(attributes.get("viewBox"))
        drawn = {key: value for key, value in attributes.items() if key not in OF_THE_ROOT}
        self._out.append(f"<g{''.join(self._written(drawn))}>")
        self._open.append("g")

    def _view_box(self, text: str | None) -> tuple[float, float, float, float]:
        mend = 'write its size, as in viewBox="0 0 1200 700"'
        if text is None:
            raise self._error("'viewBox' is missing", mend)
        words = text.replace(",", " ").split() if len(text) <= MOST_TEXT else []
        numbers = [float(word) for word in words if re.fullmatch(_NUMBER, word) and abs(float(word)) <= MOST_SIDE]
        if len(words) != BOX_NUMBERS or len(numbers) != BOX_NUMBERS or min(numbers[2:]) <= 0:
            raise self._error("'viewBox' has the wrong form", mend)
        x, y, width, height = numbers
        return x, y, width, height

    def _skip(self, space: str, name: str) -> None:
        """Leave out an element that draws nothing; what is within must not try to be more than that."""
        if space == SVG and name not in NOTES:
            raise self._error(f"<{_shown(name)}> may not stand within what is not drawn")
        self._skipped += 1

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        if name not in DRAWING:
            raise self._error(f"<{_shown(name)}> may not stand in a plan")
        self._out.append(f"<{name}{''.join(self._written(attributes))}>")
        self._open.append(name)

    def _written(self, attributes: Mapping[str, str]) -> Iterator[str]:
        """Yield the attributes that draw; a ``style`` is written as the attributes that it stands for."""
        for key, value in attributes.items():
            space, _, name = key.rpartition(" ")
            if space == XLINK or name == "href":
                raise self._error(f"'{_shown(name)}' may not stand in a plan")
            if space or name.startswith(("data-", "aria-")):
                continue
            if name == "style":
                yield from self._written(dict(self._declarations(value)))
            elif name in _FORMS:
                yield f" {name}={quoteattr(self._value(name, value))}"
            elif name not in UNDRAWN:
                raise self._error(f"'{_shown(name)}' may not stand in a plan")

    def _declarations(self, style: str) -> Iterator[tuple[str, str]]:
        """Yield what a ``style`` says that a plan can have; an editor writes much more that changes nothing."""
        if len(style) > MOST_PATH or re.search(r"url|expression|import|[\\@<>{}]", style, re.IGNORECASE):
            raise self._error("'style' has the wrong form")
        for declaration in style.split(";"):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            if name in _FORMS:
                yield name, value

    def _value(self, name: str, value: str) -> str:
        if len(value) > MOST_PATH or not _FORMS[name].fullmatch(value.strip()):
            raise self._error(f"'{name}' has the wrong form")
        return value.strip()

    def _characters(self, text: str) -> None:
        if self._skipped or not self._open or self._open[-1] not in TEXTS:
            return
        if len(text) > MOST_TEXT:
            raise self._error(f"a text of more than {MOST_TEXT} characters", "write the name of the room only")
        self._out.append(escape(text))

    def _end(self, _tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif self._open:
            self._out.append(f"</{self._open.pop()}>")


def _shown(name: str) -> str:
    """Return a name of outside people, short and without anything that a screen would stumble over."""
    return re.sub(r"[^A-Za-z0-9_:-]", "?", name)[:40]
