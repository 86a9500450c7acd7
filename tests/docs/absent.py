"""What stands in blocks of the documentation and is not run by tests: by what it is, where, and why.

Tests run with Python, Node.js, a browser, what packages of these bring, and what any Debian has.
All else in blocks is run. Who writes a block of such a kind on another page, or of a new one, decides
first how it is checked, and says so here.
"""

from dataclasses import dataclass

from tests.docs import blocks, shell
from tests.docs.blocks import Block


@dataclass(frozen=True, slots=True)
class Absent:
    """Why something is not run, and the pages that may have it."""

    why: str
    pages: frozenset[str]


def _absent(why: str, *pages: str) -> Absent:
    return Absent(why, frozenset(pages))


COMMANDS = {
    "docker": _absent(
        "Needs a daemon. What it builds and starts is read by test_image.py and test_compose.py, and "
        "Compose's commands are run by journeys/test_compose.py; the stages of images exist.",
        *("README.md", "docs/kubernetes.md"),
    ),
    "kubectl": _absent(
        "Needs a cluster. Files and objects that it is given are those of deploy/kubernetes, which "
        "test_kubernetes.py builds and validates; what it has a pod run is run here.",
        "docs/kubernetes.md",
    ),
    "make": _absent(
        "Would run the tests in the tests; `belfry up` is run by tests/local. Its targets exist.",
        "README.md",
    ),
    "pip": _absent(
        "Would change the tests' own packages. What it installs is an extra of ours.",
        "docs/tracing.md",
    ),
    "redis-cli": _absent(
        "Not among the packages that bring Redis, and would empty the tests' own.",
        "docs/kubernetes.md",
    ),
}
"""Programs in `sh`; scripts that have them are run with something in their place."""

BLOCKS = {
    "html": _absent(
        "Parts of readers' own pages. They are balanced, and their scripts have the types they say; "
        "web/test_bell.py and web/test_console_exports.py drive pages that have the same.",
        *("docs/bell-element.md", "docs/import-export.md"),
    ),
    "js mongosh": _absent(
        "mongosh is no package of MongoDB's server. jobs/test_restore.py gives the same commands.",
        "docs/data-care.md",
    ),
    "mermaid": _absent(
        "Its parser needs a page and 70 MB. Kinds and brackets are right, and states those of the code.",
        *("README.md", "docs/concepts.md"),
    ),
    "nginx": _absent(
        "`http2 on` needs nginx 1.25, which Debian 12 has not; crossplane knows each directive, with "
        "its place and its arguments.",
        "docs/production.md",
    ),
    "text": _absent(
        "What passes over a wire; graph/test_stream.py and channels/test_mime.py see the same.",
        *("docs/graphql.md", "docs/preferences.md"),
    ),
    "ts": _absent(
        "Parts of readers' own programs. They have the types that they say.",
        *("docs/bell-element.md", "docs/limits.md", "docs/oidc.md"),
    ),
    "tsx": _absent(
        "As `ts`; web/test_bell.py drives a page that has the same.", "docs/bell-element.md"
    ),
    "yaml": _absent(
        "Prometheus publishes no schema of its settings, and promtool is no package of Python or Node.js. "
        "Names and targets are read; CI's job `alerts` has promtool try the rules.",
        "docs/metrics.md",
    ),
}
"""Whole blocks, by what follows their fence."""


def in_script(block: Block) -> set[str]:
    """The programs in a script that are absent."""
    return {name for name, *_ in shell.commands(block.text) if name in COMMANDS} | {
        name for name in COMMANDS if f" -- {name} " in block.text
    }


def found() -> dict[str, set[str]]:
    """The pages on which each of all this stands."""
    pages: dict[str, set[str]] = {}
    for block in blocks.EVERY:
        kinds = in_script(block) if block.language == "sh" else {block.info} & BLOCKS.keys()
        for kind in kinds:
            pages.setdefault(kind, set()).add(block.page)
    return pages
