"""Filling text templates that people write: Jinja2, fenced so that no template can run away.

A template is text, `{{ }}`, if, for, set and with; nothing in it can copy or call itself, so only
loops and large values can make it slow. Both are metered without a clock: each step in a loop, and
each character that passes a filter, is charged to the render's budget. Contexts are plain data.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from traceback import walk_tb
from typing import Any, cast

from jinja2 import StrictUndefined, Template, Undefined, meta, nodes, pass_context
from jinja2.exceptions import TemplateSyntaxError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.visitor import NodeTransformer

from core.errors import Invalid, Problem

SOURCE_LIMIT, OUTPUT_LIMIT = 20_000, 100_000
"""Characters of a template, and of what it renders to."""
NODES_LIMIT, DEPTH_LIMIT = 5_000, 30
"""Nodes of its syntax, and how deep they nest: Jinja2's compiler is cubic in the depth."""
BUDGET, STEP = 1_000_000, 10
"""Characters that one render may handle on its way to the output, and what an element of a list,
or a node of the syntax evaluated in a loop, takes from that."""

_LANGUAGE = str.split(
    "Template Output TemplateData Const Name Getattr Getitem Slice Filter Test Call Keyword If For "
    "CondExpr Compare Operand And Or Not Add Sub Mul Div FloorDiv Mod Neg Pos Concat Tuple List "
    "Dict Pair Assign With"
)
_CONTAINERS = (nodes.List, nodes.Dict, nodes.Tuple)
_FREE_FILTERS = str.split("default d length count first last")
_METERED_FILTERS = str.split(
    "abs capitalize float format indent int items join list lower map max min reject rejectattr "
    "replace reverse round select selectattr sort sum title trim truncate unique upper urlencode"
)
_MULTIPLYING_FILTERS = str.split("indent join replace round trim")
_FREE_TESTS = str.split("defined undefined none string number boolean mapping sequence odd even")
_METERED_TESTS = str.split("== != < <= > >= eq equalto ne lt lessthan le gt greaterthan ge")
_FORMAT = re.compile(r"%(?:%|[-+ 0]{0,4}[0-9]{0,2}(?:\.[0-9]{1,2})?[dfs])")


def check(source: str) -> None:
    """Raise Invalid, with the line, unless `source` is a template; it may still fail to render."""
    _compiled(source)


def render(source: str, context: Mapping[str, object]) -> str:
    """The template filled from a context of plain data; raises Invalid whatever goes wrong."""
    template, _ = _compiled(source)
    try:
        text = "".join(_parts(template, context))
        text.encode()  # A template can spell lone surrogates, which nothing after us can send.
        return text
    except Exception as error:  # noqa: BLE001 # Templates can provoke any error there is.
        raise _explained(error, template) from None


def variables(source: str) -> frozenset[str]:
    """The names that the template takes from its context, on any path; raises Invalid."""
    return _compiled(source)[1]


@lru_cache(maxsize=512)
def _compiled(source: str) -> tuple[Template, frozenset[str]]:
    if len(source) > SOURCE_LIMIT:
        raise Invalid(f"shorten the template to {SOURCE_LIMIT} characters", Problem.TOO_LONG)
    try:
        tree = _Fence().visit(_SANDBOX.parse(source))
        names = frozenset(meta.find_undeclared_variables(tree))
        return Template.from_code(_SANDBOX, _SANDBOX.compile(tree), _SANDBOX.globals), names
    except Exception as error:  # noqa: BLE001 # Deep nesting fails in many ways.
        raise _explained(error) from None


def _parts(template: Template, context: Mapping[str, object]) -> Iterator[str]:
    length = 0
    for part in template.root_render_func(template.new_context(dict(context))):
        length += len(part)
        if length > OUTPUT_LIMIT:
            raise Invalid(f"the text grows past {OUTPUT_LIMIT} characters", Problem.TOO_LONG)
        yield part


def _explained(error: Exception, template: Template | None = None) -> Invalid:
    line = None
    for frame, number in walk_tb(error.__traceback__):
        if template and frame.f_code.co_filename == template.filename:
            line = template.get_corresponding_lineno(number)
    if isinstance(error, TemplateSyntaxError):
        what, line = error.message or "", error.lineno
    elif isinstance(error, (Invalid, UndefinedError)):
        what = str(error)
    else:
        what = f"the template fails: {str(error) or type(error).__name__}"
    what = f"line {line}: {what[:200]}" if line else what[:200]
    return Invalid(what, getattr(error, "problem", Problem.INVALID))


class _Meter(Context):
    """The context of one render; it counts the work done."""

    spent = 0

    def spend(self, amount: int) -> None:
        self.spent += amount
        if self.spent > BUDGET:
            raise Invalid("the template does too much work; loop over less", Problem.TOO_LONG)

    def each(self, values: Any, weight: int = 1) -> Iterator[object]:
        for value in values:
            self.spend(STEP * max(1, weight))
            yield value

    def weigh(self, value: object) -> object:
        """The value, after a charge for everything inside it."""
        pending = [value]
        while pending:
            item = pending.pop()
            self.spend(STEP)
            if isinstance(item, str):
                self.spend(len(item))
            elif isinstance(item, Collection) and not isinstance(item, Undefined):
                pending.extend(item.items() if isinstance(item, Mapping) else item)
        return value

    def factor(self, name: str, argument: Any) -> int:
        """How often an operation with this argument does the work of weighing its subject."""
        if not isinstance(_known(argument), (str, int, float, type(None))):
            raise Invalid(f"give `{name}` texts and numbers, no lists")
        if name in _MULTIPLYING_FILTERS:
            return len(argument) if isinstance(argument, str) else abs(int(argument or 0))
        # Each dot and comma in the name of an attribute is one more thing to look up.
        return sum(map(str(argument).count, ".,"))

    def settle(self, value: object) -> object:
        """The result of an operation, paid for and within bounds."""
        value = list(self.each(value)) if isinstance(value, Iterator) else value
        if isinstance(value, int) and value.bit_length() > 512:
            raise Invalid("the template makes a number that is too large")
        self.spend(len(value) if isinstance(value, str) else 0)
        return value


class _Sandbox(ImmutableSandboxedEnvironment):
    """Operators are for numbers, attributes are data, and only `range` can be called."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})
    context_class = _Meter

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> object:
        if not all(isinstance(_known(side), (int, float)) for side in (left, right)):
            raise Invalid(f"`{operator}` is for numbers; join texts with `~`")
        return cast(_Meter, context).settle(super().call_binop(context, operator, left, right))

    def is_safe_callable(self, obj: Any) -> bool:
        return obj is safe_range

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if callable(value):
            raise Invalid(f"`{attr}` is no data; use a filter, as in `name | upper`")
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> object:
        # So that `order.items` is what the order has, not a method of the mapping.
        has = isinstance(obj, dict) and attribute in obj
        return obj[attribute] if has else super().getattr(obj, attribute)


class _Fence(NodeTransformer):
    """Refuses what is not in the language, and puts meters on what could do much work."""

    seen = depth = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        before, self.seen, self.depth = self.seen, self.seen + 1, self.depth + 1
        if self.seen > NODES_LIMIT or self.depth > DEPTH_LIMIT:
            raise Invalid("the template is too intricate; make it simpler", Problem.TOO_LONG)
        _admit(node)
        self.generic_visit(node)
        self.depth -= 1
        if isinstance(node, nodes.For):
            node.recursive = False  # It would collect the whole text before we can measure it.
            node.iter = _through("<each>", node.iter, nodes.Const(self.seen - before))
        if isinstance(node, (nodes.Compare, nodes.Operand)):
            node.expr = _through("<weigh>", node.expr)
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
            node.node = _through("<weigh>", node.node)
        if isinstance(node, nodes.Concat):
            return _through("join", nodes.List(node.nodes))
        if isinstance(node, _CONTAINERS) and getattr(node, "ctx", "load") == "load":
            # Weighed with repetitions: lists of lists of one list can't grow unseen.
            return _through("<weigh>", node)
        return node


def _admit(node: Any) -> None:
    kind = type(node).__name__
    listed = {"Filter": _SANDBOX.filters, "Test": _SANDBOX.tests}.get(kind)
    if listed is not None and node.name not in listed:
        raise Invalid(f"line {node.lineno}: there is no {kind.lower()} `{node.name}`")
    if kind not in _LANGUAGE or (kind == "Call" and node.node != nodes.Name("range", "load")):
        raise Invalid(f"line {node.lineno}: no `{kind.lower()}` here; use if, for, set, filters")


def _through(name: str, value: Any, *given: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(given), [], None, None, lineno=value.lineno)


def _metered(name: str, original: Callable[..., object]) -> Callable[..., object]:
    @pass_context
    def run(meter: _Meter, value: object, *given: object, **named: object) -> object:
        factors = [meter.factor(name, argument) for argument in (*given, *named.values())]
        if name == "round" and not isinstance(_known(value), (int, float)):
            raise Invalid("`round` is for numbers")  # It would multiply a text.
        before = meter.spent
        meter.weigh(value)
        meter.spend((meter.spent - before) * sum(factors))
        if name == "format" and "%" in _FORMAT.sub("", str(value)):
            raise Invalid("`format` takes %s, %d and %f, with widths of up to two digits")
        return meter.settle(original(name, value, given, named, meter))

    return run


def _known(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # Raises, naming what is undefined.
    return value


def _environment() -> _Sandbox:
    original = _Sandbox(undefined=StrictUndefined)
    sandbox = _Sandbox(undefined=StrictUndefined, keep_trailing_newline=True, optimized=False)
    sandbox.globals = {"range": safe_range}
    sandbox.filters = {name: original.filters[name] for name in _FREE_FILTERS}
    sandbox.filters |= {name: _metered(name, original.call_filter) for name in _METERED_FILTERS}
    sandbox.filters |= {"<each>": pass_context(_Meter.each), "<weigh>": pass_context(_Meter.weigh)}
    sandbox.tests = {name: original.tests[name] for name in _FREE_TESTS}
    sandbox.tests |= {name: _metered(name, original.call_test) for name in _METERED_TESTS}
    return sandbox


_SANDBOX = _environment()
