"""The base of everything that people write, and the labels that people read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Base of all that people write: frozen, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Labels(Settings):
    """What people read; Chinese first, English where there is one."""

    zh: str = Field(min_length=1, max_length=120)
    en: str = Field(min_length=1, max_length=120)

    def of(self, language: str) -> str:
        """Return the label in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh
