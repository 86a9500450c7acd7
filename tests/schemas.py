"""JSON schemas of other tools' files, as check-jsonschema carries them."""

import json
from importlib.resources import files

import jsonschema


def validate(schema: str, document: object) -> None:
    """Raise jsonschema.ValidationError unless the document fits the schema of this name."""
    vendored = files("check_jsonschema.builtin_schemas.vendor") / f"{schema}.json"
    jsonschema.validate(document, json.loads(vendored.read_text(encoding="utf-8")))
