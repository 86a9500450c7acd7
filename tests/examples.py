"""The programs in our documentation, taken out of it to be run."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

from tests import node

DOCS = Path(__file__).parents[1] / "docs"


def program(page: str, language: str) -> str:
    """The one program in a language on a page of docs/."""
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    (only,) = found
    return str(only)


def python(page: str, folder: Path) -> ModuleType:
    """The Python program of a page, as a module that was written to a folder."""
    path = folder / f"{Path(page).stem}.py"
    path.write_text(program(page, "python"))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def javascript(page: str, folder: Path) -> Path:
    """The JavaScript program of a page, as a file beside the packages that it imports."""
    path = folder / f"{Path(page).stem}.mjs"
    path.write_text(program(page, "js"))
    (folder / "node_modules").symlink_to(node.SCRIPTS / "node_modules")
    return path
