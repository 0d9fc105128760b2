"""Rules in words: what a condition means as a sentence, and a documentation page for each rule, made from the rule."""

from rules.pages.more_words import MORE
from rules.pages.page import index_page, page_of
from rules.pages.words import PHRASES, condition_lines, condition_text

__all__ = ["PHRASES", "condition_lines", "condition_text", "index_page", "page_of"]

PHRASES.update(MORE)
