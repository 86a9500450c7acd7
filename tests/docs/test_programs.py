"""The programs in the documentation are run by the tests of their pages, or have the types that they say."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import node
from tests.docs import blocks
from tests.docs.blocks import ROOT, Block

WEB = ROOT / "web"
VOID = {"br", "img", "input", "link", "meta"}
BESIDE = {"bell.d.ts": ROOT / "graph/static/bell.d.ts", "oidc.ts": WEB / "console/oidc.ts"}
"""Files that pages tell to save beside their own."""
RUN = {
    "docs/bell.md": "journeys/test_bell_chaos.py",
    "docs/contacts.md": "journeys/test_contacts.py",
    "docs/graphql.md": "graph/test_stream_ends.py",
    "docs/preferences.md": "graph/test_preferences.py",
    "docs/sends.md": "journeys/test_sends.py",
}
"""The test that runs the programs in Python and JavaScript of a page."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of browsers, each a file named for its place."""
    folder = tmp_path_factory.mktemp("programs")
    for name, file in BESIDE.items():
        shutil.copy(file, folder / name)
    for block in blocks.of("js", "ts", "tsx"):
        (folder / f"{name_of(block)}.{block.language}").write_text(block.text)
    for block in blocks.of("html"):
        (folder / f"{name_of(block)}.js").write_text("\n".join(scripts(block.text)))
    return folder


def name_of(block: Block) -> str:
    return re.sub(r"\W", "_", str(block))


def scripts(page: str) -> Iterator[str]:
    """The scripts of a page."""
    for match in re.finditer(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL):
        yield match[1]


def test_programs_of_browsers_have_the_types_that_they_say(written: Path) -> None:
    (written / "node_modules").symlink_to(WEB / "node_modules")
    (written / "shims.d.ts").write_text("declare module 'graphql-sse';\n")
    options = [
        *("--noEmit", "--strict", "--allowJs", "--skipLibCheck", "--jsx", "react-jsx"),
        *("--target", "ES2022", "--module", "ESNext", "--moduleResolution", "bundler"),
        *("--moduleDetection", "force"),
    ]
    files = [path for path in written.iterdir() if path.suffix in {".js", ".ts", ".tsx"}]
    compiler = WEB / "node_modules/typescript/bin/tsc"
    ran = subprocess.run(
        [node.NODE, compiler, *options, *files],
        cwd=written,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


class Balanced(HTMLParser):
    """Fails where an element ends that was not begun."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("block", blocks.of("html"), ids=str)
def test_pages_are_balanced(block: Block) -> None:
    parser = Balanced()
    parser.feed(block.text)
    parser.close()
    assert parser.open == []


@pytest.mark.parametrize(
    "block", [it for it in blocks.EVERY if it.info in {"python", "js"}], ids=str
)
def test_a_program_is_run_by_a_test(block: Block) -> None:
    language = {"python": "python", "js": "javascript"}[block.info]
    call = f'examples.{language}("{Path(block.page).name}"'
    assert call in (ROOT / "tests" / RUN[block.page]).read_text()
