"""JSON schemas of other tools' files, as packages carry them."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import kubernetes_validate


def validate(schema: str, document: object) -> None:
    """Raise jsonschema.ValidationError unless the document fits the schema of this name."""
    vendored = files("check_jsonschema.builtin_schemas.vendor") / f"{schema}.json"
    jsonschema.validate(document, json.loads(vendored.read_text(encoding="utf-8")))


def validate_kubernetes(document: dict[str, Any], version: str) -> None:
    """Raise jsonschema.ValidationError unless the object is one of that version, with no field more."""
    kubernetes_validate.validate(document, version, strict=True)
