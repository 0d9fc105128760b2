"""The published JSON Schemas (draft 2020-12), made from models; ``python -m alerts.feeding.schema_files`` writes them.

| file in ``alerts/feeding/schemas`` | of |
|---|---|
| ``message-v1`` | the CloudEvents object, with our extensions |
| ``alert-event-v1``, ``work-item-v1``, ``daily-fact-v1``, ``flood-v1`` | its ``data``, as ``dataschema`` names it |

Within a version fields and enum values are only added, so a schema lets fields pass that it does not know, and a
reader must do the same. A field that is removed, renamed or of another type makes a new version beside the old one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from alerts.cloud_events import ALERT_EVENT, DAILY_FACT, FLOOD, SCHEMA, WORK_ITEM
from alerts.feeding.models import DailyFact, FloodNotice, WorkItem
from domain.alert import AlertView

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "schemas"
MESSAGE = "message-v1"
MODELS: dict[str, type[BaseModel]] = {
    ALERT_EVENT: AlertView,
    WORK_ITEM: WorkItem,
    DAILY_FACT: DailyFact,
    FLOOD: FloodNotice,
}

_TEXT = {"type": "string", "minLength": 1}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": {**_TEXT, "description": "the same on every repeat of the message"},
    "source": {**_TEXT, "format": "uri-reference", "description": "/sites/<site>/alerts"},
    "type": {**_TEXT, "pattern": r"^fengsui\.(alert|workitem|fact|flood)\.[A-Za-z0-9_-]+$"},
    "subject": {**_TEXT, "description": "id of the alert or work item; unit/day of facts"},
    "time": {**_TEXT, "format": "date-time", "description": "when it was recorded, UTC"},
    "datacontenttype": {"const": "application/json"},
    "dataschema": {**_TEXT, "format": "uri", "pattern": f"^{SCHEMA}"},
    "data": {"type": "object", "description": "as the schema that dataschema names"},
}
_EXTENSIONS: dict[str, dict[str, Any]] = {
    "actor": {**_TEXT, "description": "who did it: a person's name, 'system', 'panel'"},
    "auditnumber": {"type": "string", "pattern": "^[0-9]+$", "description": "number of the audit entry: order"},
    "audithash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "hash of the audit entry: an anchor"},
    "outcome": {**_TEXT, "description": "which of the events of one name"},
    "detail": {**_TEXT, "description": "JSON text of what else the audit has about it"},
}


def documents() -> dict[str, dict[str, Any]]:
    """Return every schema by its name."""
    message = {
        "$schema": DRAFT,
        "$id": f"{SCHEMA}{MESSAGE}",
        "title": "CloudEvents 1.0 message of Fengsui",
        "type": "object",
        "properties": {**_ATTRIBUTES, **_EXTENSIONS},
        "required": list(_ATTRIBUTES),
    }
    return {MESSAGE: message, **{name: _of_model(name, model) for name, model in MODELS.items()}}


def text(document: dict[str, Any]) -> str:
    """Write a schema as its file holds it."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write() -> None:
    """Write all files."""
    for name, document in documents().items():
        (FOLDER / f"{name}.json").write_text(text(document), "utf-8")


def _of_model(name: str, model: type[BaseModel]) -> dict[str, Any]:
    found = _open(model.model_json_schema(mode="serialization"))
    return {"$schema": DRAFT, "$id": f"{SCHEMA}{name}", **found}


def _open(part: Any) -> Any:
    """Let fields pass that are not known: a later addition is no error to a reader."""
    if isinstance(part, dict):
        return {
            key: _open(value) for key, value in part.items() if not (key == "additionalProperties" and value is False)
        }
    return [_open(one) for one in part] if isinstance(part, list) else part


if __name__ == "__main__":
    write()
