"""A button that copies a text."""

from __future__ import annotations

from nicegui.element import Element


class CopyButton(Element, component="../static/copy_button.js"):
    """Copies ``content``; says ``done`` afterwards."""

    def __init__(self, content: str, words: str, done: str) -> None:
        """``words``: what it says before."""
        super().__init__()
        self.props.update({"content": content, "words": words, "done": done})
