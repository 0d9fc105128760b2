"""Which points a rule means, as people write it."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from domain.ids import Token
from domain.site import ZoneKind
from domain.site.labels import Settings

NO_NAME = r"(?!)"
"""The expression that nothing matches."""


def listed(value: Any) -> Any:
    """Let people write one word where a list of them may stand."""
    return [value] if isinstance(value, str | int | float) else value


def _is_pattern(value: str) -> str:
    if re.fullmatch(r"!?[A-Za-z0-9_*?-]{1,64}", value) is None:
        raise ValueError(
            "not the name of a point, nor a pattern → use letters, digits, _ - and * ? for any; ! excludes"
        )
    return value


PointPattern = Annotated[str, AfterValidator(_is_pattern)]
Tokens = Annotated[tuple[Token, ...], BeforeValidator(listed)]
Patterns = Annotated[tuple[PointPattern, ...], BeforeValidator(listed)]


class Selector(Settings):
    """Which points: device kinds, point names (``*`` and ``?`` match, ``!name`` excludes), words, tags, zone kinds.

    ``word`` means points whose state word is explained by one of these tables (`domain.words`): it finds
    points by what they say, also those that nobody wrote in the site. ``zones`` goes by the point's own zone.
    """

    kind: Tokens = ()
    point: Patterns = ()
    word: Tokens = ()
    tags: Tokens = ()
    zones: Annotated[tuple[ZoneKind, ...], BeforeValidator(listed)] = ()

    def names(self, point: str) -> bool:
        """Tell whether a point's name is meant; no patterns mean every name."""
        wanted, refused = _expressions(self.point)
        return wanted.match(point) is not None and refused.match(point) is None


@lru_cache(maxsize=1024)
def _expressions(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what names must match and must not match; they are asked of every point of a site."""
    wanted = [translate(one) for one in patterns if not one.startswith("!")]
    refused = [translate(one[1:]) for one in patterns if one.startswith("!")]
    return re.compile("|".join(wanted)), re.compile("|".join(refused) or NO_NAME)
