"""Floor plans come from outside: what is drawn comes through, what could do anything else never does."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.site.svg import DRAWING, MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, SVG, Drawing, SvgError, read_svg


def svg(content: str, head: str = 'viewBox="0 0 400 300"') -> bytes:
    return f'<svg xmlns="{SVG}" {head}>\n{content}\n</svg>'.encode()


PLAN = svg("""<!-- drawn by hand -->
  <title>East building, floor 1</title>
  <g fill="none" stroke="#667" stroke-width="2.5" transform="translate(10, 10) rotate(-1.5)">
    <path d="M 0 0 H 380 V 280 H 0 Z m10 10l-5,.5"/>
    <polygon points="10,10 20,10 20,20"/>
    <circle cx="5" cy="5" r="1e2"/>
  </g>
  <text x="30" y="40" font-size="14" text-anchor="middle">大堂 &amp; <tspan dy="12">Lobby</tspan></text>""")


def test_a_plan_comes_through_as_it_was_drawn() -> None:
    drawing = read_svg(PLAN)
    assert (drawing.x, drawing.y, drawing.width, drawing.height) == (0, 0, 400, 300)
    tree = ET.fromstring(drawing.markup)  # noqa: S314  # what we wrote ourselves
    assert [re.sub(r"{.*}", "", drawn.tag) for drawn in tree.iter()] == [
        *("svg", "g", "g", "path", "polygon", "circle", "text", "tspan")
    ]
    assert "".join(tree.itertext()).split() == ["大堂", "&", "Lobby"]
    assert tree[0][0].attrib["stroke-width"] == "2.5"


def test_what_an_editor_writes_for_itself_is_left_out() -> None:
    drawing = read_svg(
        svg(
            '<i:grid snap="1"/><metadata><r:rdf xmlns:r="urn:r">me</r:rdf></metadata><defs id="d"/>'
            '<rect id="r1" class="wall" i:label="Wall" data-x="1" width="4" height="3"'
            ' style="fill:none;stroke:#333333;stroke-width:2px;-inkscape-font-specification:Arial;marker:none"/>',
            'width="400mm" height="300mm" viewBox="0 0 400 300" version="1.1" xmlns:i="urn:inkscape"',
        )
    )
    assert (
        drawing.content == '<g><rect width="4" height="3" fill="none" stroke="#333333" stroke-width="2px"></rect></g>'
    )


def test_a_place_is_on_the_drawing_with_its_edge() -> None:
    drawing = read_svg(svg("", 'viewBox="-10,-10 20 20"'))
    assert (-10.0, 10.0) in drawing
    assert (10.1, 0.0) not in drawing
    assert "x" not in drawing


HOSTILE = {
    "<script>alert(1)</script>": "<script> may not stand",
    '<g onload="alert(1)"/>': "'onload' may not stand",
    '<a href="https://example.com"><text>x</text></a>': "<a> may not stand",
    '<use href="#x"/>': "<use> may not stand",
    '<image href="http://example.com/x.png"/>': "<image> may not stand",
    '<g xlink:href="x" xmlns:xlink="http://www.w3.org/1999/xlink"/>': "'href' may not stand",
    "<foreignObject><div xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>": "<foreignObject> may not stand",
    "<style>@import url(http://example.com)</style>": "<style> may not stand",
    '<rect style="fill:url(http://example.com/x)"/>': "'style' has the wrong form",
    '<rect fill="url(#g)"/>': "'fill' has the wrong form",
    '<rect fill="javascript:alert(1)"/>': "'fill' has the wrong form",
    '<rect width="calc(1px)"/>': "'width' has the wrong form",
    '<path d="M0 0 url(x)"/>': "'d' has the wrong form",
    '<animate attributeName="x"/>': "<animate> may not stand",
    '<set attributeName="onload" to="x"/>': "<set> may not stand",
    "<metadata><script>1</script></metadata>": "<script> may not stand within what is not drawn",
    '<defs><linearGradient id="g"/></defs>': "<linearGradient> may not stand within what is not drawn",
    '<x:y xmlns:x="urn:x"><script xmlns="http://www.w3.org/2000/svg"/></x:y>': "<script> may not stand within",
    "<?php echo 1 ?>": "a processing instruction may not stand",
    "&nbsp;": "not XML: undefined entity",
    "<g>": "not XML: mismatched tag",
    "<g/>" * (MOST_ELEMENTS + 1): f"more than {MOST_ELEMENTS} elements",
    "<g>" * MOST_DEPTH + "</g>" * MOST_DEPTH: f"nested deeper than {MOST_DEPTH} levels",
    f"<text>{'x' * 201}</text>": "a text of more than 200 characters",
    '<polygon points="' + "1 " * 20_000 + '"/>': "'points' has the wrong form",
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_what_is_no_drawing_is_refused_with_its_line(content: str, reason: str) -> None:
    with pytest.raises(SvgError, match=f"^{re.escape(reason)}") as caught:
        read_svg(svg(content))
    assert caught.value.line in (2, 3)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not XML"),
        (b"\x89PNG\r\n", "not UTF-8 text"),
        (b"<html></html>", "not an SVG drawing"),
        (b'<svg viewBox="0 0 1 1"/>', "not an SVG drawing"),
        (svg("", ""), "'viewBox' is missing"),
        (svg("", 'viewBox="0 0 1"'), "'viewBox' has the wrong form"),
        (svg("", 'viewBox="0 0 0 1"'), "'viewBox' has the wrong form"),
        (svg("", 'viewBox="0 0 nan inf"'), "'viewBox' has the wrong form"),
        (svg("", 'viewBox="0 0 1e9 1"'), "'viewBox' has the wrong form"),
        (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("&a;"), "a document type may not stand"),
        (svg("x" * MOST_BYTES), f"larger than {MOST_BYTES} bytes"),
    ],
    ids=range(11),
)
def test_what_is_no_plan_at_all_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(SvgError, match=f"^{re.escape(reason)}"):
        read_svg(raw)


NAMES = st.sampled_from(
    ["g", "rect", "path", "text", "tspan", "script", "style", "a", "use", "svg", "title", "defs", "image", "x:y"]
)
ATTRIBUTES = st.sampled_from(
    ["d", "fill", "style", "onclick", "href", "x", "points", "transform", "class", "viewBox", "x:href", "src"]
)
VALUES = st.text("az09.,:;()#%- &<>'\"\\/eE\n\t", max_size=30) | st.sampled_from(
    ["url(#a)", "javascript:x", "0 0 1 1", "none", "red", "fill:red;stroke:url(x)", "translate(1)", "M0 0"]
)


def escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def element(name: str, attributes: dict[str, str], children: list[str]) -> str:
    written = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>"


ELEMENTS = st.recursive(
    st.text("ab<>&é火\n", max_size=9).map(escaped),
    lambda inner: st.builds(
        element, NAMES, st.dictionaries(ATTRIBUTES, VALUES, max_size=3), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


def check(drawing: Drawing) -> None:
    """A drawing that was taken is well-formed and has nothing but shapes and texts, whatever it was made from."""
    assert drawing.width > 0
    assert drawing.height > 0
    tree = ET.fromstring(drawing.markup)  # noqa: S314  # what we wrote ourselves
    for drawn in list(tree.iter())[1:]:
        space, _, name = drawn.tag[1:].partition("}")
        assert space == SVG
        assert name in DRAWING
        for key, value in drawn.attrib.items():
            assert not key.lower().startswith("on")
            assert key not in ("href", "style", "class", "id", "src")
            assert not re.search(r"url|script|[<>\"'\\:;]", value)


@given(ELEMENTS)
def test_whatever_stands_in_a_file_only_drawings_come_out(content: str) -> None:
    try:
        drawing = read_svg(svg(content, 'viewBox="0 0 4 3" xmlns:x="urn:x"'))
    except SvgError as error:
        assert error.reason
        assert error.line >= 1
    else:
        check(drawing)


@given(st.binary(max_size=400))
def test_junk_is_refused_and_never_worse(raw: bytes) -> None:
    with pytest.raises(SvgError):
        read_svg(raw)


@given(st.integers(0, len(PLAN) - 1), st.binary(max_size=3))
def test_a_damaged_plan_is_refused_or_still_a_drawing(at: int, junk: bytes) -> None:
    try:
        check(read_svg(PLAN[:at] + junk + PLAN[at + len(junk) :]))
    except SvgError as error:
        assert error.line >= 1
