"""A paper as one HTML file: everything inside, nothing asked from anywhere, every text escaped."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.commission_paper import Paper, Words

SIGNATURE_LINES = (
    Words("姓名（正楷）", "name in print"),
    Words("单位盖章", "stamp"),
    Words("签字", "signature"),
    Words("日期", "date"),
)


def html_of(paper: Paper) -> str:
    """Return the whole document."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("commission.html.j2").render(paper=paper, signature_lines=SIGNATURE_LINES)
