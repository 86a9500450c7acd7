"""Templates in files: TOML or JSON with the fields of `CreateTemplateInput`."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.errors import Invalid

FORMATS: Mapping[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": json.loads}
_WORDS = ("subject", "text", "html")
_FILE = "@"


def templates(path: Path) -> list[dict[str, Any]]:
    """The template of a file, or those of all files of a folder by their names. Raises Invalid."""
    if not path.is_dir():
        return [_template(path)]
    files = sorted(each for each in path.iterdir() if each.suffix in FORMATS)
    if not files:
        raise Invalid(f"{path} holds no template: no file ends in {' or '.join(FORMATS)}")
    return [_template(each) for each in files]


def _template(path: Path) -> dict[str, Any]:
    if path.suffix not in FORMATS:
        raise Invalid(f"{path} is no template: its name must end in {' or '.join(FORMATS)}")
    try:
        found = FORMATS[path.suffix](_read(path))
    except ValueError as error:
        raise Invalid(f"{path} can't be read: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("slug"), str):
        raise Invalid(f"{path} names no `slug`")
    variants = found.get("variants")
    for variant in variants if isinstance(variants, list) else ():
        _fill(variant, path.parent)
    return found


def _fill(variant: object, folder: Path) -> None:
    """Put the words of files in the place of their names, as `html = "@welcome.html"`."""
    if not isinstance(variant, dict):
        return
    for name in _WORDS:
        said = variant.get(name)
        if isinstance(said, str) and said.startswith(_FILE):
            variant[name] = _read(folder / said.removeprefix(_FILE))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} can't be read: {error}") from None
