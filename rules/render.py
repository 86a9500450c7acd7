"""Filling templates that people write, as plain text or as HTML; see `rules/sandbox.py`.

In HTML all values are escaped and what the template itself spells is not. That makes a value safe
as text and inside quoted attributes; a link or a script made of values is the author's own risk.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from traceback import walk_tb

from jinja2 import Template, meta, nodes
from jinja2.exceptions import TemplateSyntaxError, UndefinedError

from core.errors import Invalid, Problem
from rules import position
from rules.sandbox import BUDGET, DEPTH_LIMIT, NODES_LIMIT, STEP, Fault, Fence, environment

__all__ = ["BUDGET", "DEPTH_LIMIT", "NODES_LIMIT", "STEP", "Fault", "check", "render", "variables"]

SOURCE_LIMIT, OUTPUT_LIMIT = 20_000, 100_000
"""Characters of a template, and of what it renders to."""
HTML_SOURCE_LIMIT, HTML_OUTPUT_LIMIT = 100_000, 200_000
"""The same of HTML, most of which is markup."""

_TEXT, _HTML = environment(html=False), environment(html=True)


def check(source: str, *, html: bool = False) -> None:
    """Raise Fault, with the line, unless `source` is a template; it may still fail to render."""
    _compiled(source, html)


def render(source: str, context: Mapping[str, object], *, html: bool = False) -> str:
    """The template filled from a context of plain data; raises Fault whatever goes wrong."""
    if not source:
        return ""  # as most kinds of a bell have it, each time
    template, _ = _compiled(source, html)
    try:
        text = "".join(_parts(template, context, HTML_OUTPUT_LIMIT if html else OUTPUT_LIMIT))
        text.encode()  # A template can spell lone surrogates, which nothing after us can send.
        return text
    except Exception as error:  # noqa: BLE001 # Templates can provoke any error there is.
        raise _explained(error, source, template) from None


def variables(source: str, *, html: bool = False) -> frozenset[str]:
    """The names that the template takes from its context, on any path; raises Fault."""
    return _compiled(source, html)[1]


def is_shown_as_it_is(source: str, name: str) -> bool:
    """Whether a template only writes out a name, or asks if it is there: nothing alters its value."""
    tree = _TEXT.parse(source)
    written = {id(part) for output in tree.find_all(nodes.Output) for part in output.nodes}
    asked = {id(question.test) for question in tree.find_all(nodes.If)}
    uses = (found for found in tree.find_all(nodes.Name) if found.name == name)
    return all(id(found) in written | asked for found in uses)


@lru_cache(maxsize=512)
def _compiled(source: str, html: bool) -> tuple[Template, frozenset[str]]:
    limit, sandbox = (HTML_SOURCE_LIMIT, _HTML) if html else (SOURCE_LIMIT, _TEXT)
    if len(source) > limit:
        raise Fault(f"shorten the template to {limit} characters", problem=Problem.TOO_LONG)
    try:
        tree = Fence().visit(sandbox.parse(source))
        names = frozenset(meta.find_undeclared_variables(tree))
        return Template.from_code(sandbox, sandbox.compile(tree), sandbox.globals), names
    except Exception as error:  # noqa: BLE001 # Deep nesting fails in many ways.
        raise _explained(error, source) from None


def _parts(template: Template, context: Mapping[str, object], limit: int) -> Iterator[str]:
    length = 0
    for part in template.root_render_func(template.new_context(dict(context))):
        length += len(part)
        if length > limit:
            raise Invalid(f"the text grows past {limit} characters", Problem.TOO_LONG)
        yield part


def _explained(error: Exception, source: str, template: Template | None = None) -> Fault:
    line = None
    for frame, number in walk_tb(error.__traceback__):
        if template and frame.f_code.co_filename == template.filename:
            line = template.get_corresponding_lineno(number)
    if isinstance(error, TemplateSyntaxError):
        what, line = error.message or "", error.lineno
    elif isinstance(error, Fault):
        what, line = error.what, error.line
    elif isinstance(error, (Invalid, UndefinedError)):
        what = str(error)
    else:
        what = f"the template fails: {str(error) or type(error).__name__}"
    column = position.column(source, line, what) if line else None
    return Fault(what[:200], line, column, getattr(error, "problem", Problem.INVALID))
