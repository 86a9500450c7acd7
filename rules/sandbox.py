"""Jinja2, fenced so that no template can run away.

A template is text, `{{ }}`, if, for, set and with; nothing in it can copy or call itself, so only
loops and large values can make it slow. Both are metered without a clock: each step in a loop, and
each character that passes a filter, is charged to the render's budget. Contexts are plain data.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, cast

from jinja2 import StrictUndefined, Undefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.visitor import NodeTransformer

from core.errors import Invalid, Problem

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
_FILTERS = frozenset(_FREE_FILTERS + _METERED_FILTERS)
_TESTS = frozenset(_FREE_TESTS + _METERED_TESTS)
_FORMAT = re.compile(r"%(?:%|[-+ 0]{0,4}[0-9]{0,2}(?:\.[0-9]{1,2})?[dfs])")


class Fault(Invalid):
    """A mistake in a template, and where: line and column count from 1, None where unknown."""

    def __init__(
        self,
        what: str,
        line: int | None = None,
        column: int | None = None,
        problem: Problem = Problem.INVALID,
    ) -> None:
        super().__init__(f"line {line}: {what}" if line else what, problem)
        self.what, self.line, self.column = what, line, column


class Meter(Context):
    """The context of one render; it counts the work done."""

    spent = 0

    def spend(self, amount: int) -> None:
        """Charge for work; raises Invalid when the budget is used up."""
        self.spent += amount
        if self.spent > BUDGET:
            raise Invalid("the template does too much work; loop over less", Problem.TOO_LONG)

    def each(self, values: Any, weight: int = 1) -> Iterator[object]:
        """The values, each charged as it is taken."""
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


class Sandbox(ImmutableSandboxedEnvironment):
    """Operators are for numbers, attributes are data, and only `range` can be called."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})
    context_class = Meter

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> object:
        """The result for numbers, paid for; anything else is refused."""
        if not all(isinstance(_known(side), (int, float)) for side in (left, right)):
            raise Invalid(f"`{operator}` is for numbers; join texts with `~`")
        return cast(Meter, context).settle(super().call_binop(context, operator, left, right))

    def is_safe_callable(self, obj: Any) -> bool:
        """Only `range` is."""
        return obj is safe_range

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As Jinja2 has it, but for methods: they are no data."""
        if callable(value):
            raise Invalid(f"`{attr}` is no data; use a filter, as in `name | upper`")
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> object:
        """The attribute: what a mapping holds under a name comes before its methods."""
        has = isinstance(obj, dict) and attribute in obj
        return obj[attribute] if has else super().getattr(obj, attribute)


class Fence(NodeTransformer):
    """Refuses what is not in the language, and puts meters on what could do much work."""

    seen = depth = 0

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """The node, metered; raises Invalid for one that is not in the language."""
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
    listed = {"Filter": _FILTERS, "Test": _TESTS}.get(kind)
    if listed is not None and node.name not in listed:
        raise Fault(f"there is no {kind.lower()} `{node.name}`", node.lineno)
    if kind not in _LANGUAGE or (kind == "Call" and node.node != nodes.Name("range", "load")):
        raise Fault(f"no `{kind.lower()}` here; use if, for, set, filters", node.lineno)


def _through(name: str, value: Any, *given: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(value, name, list(given), [], None, None, lineno=value.lineno)


def _metered(name: str, original: Callable[..., object]) -> Callable[..., object]:
    @pass_context
    def run(meter: Meter, value: object, *given: object, **named: object) -> object:
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


def environment(*, html: bool) -> Sandbox:
    """The fenced language; for HTML every value is escaped on its way out, with no way around it."""
    original = Sandbox(undefined=StrictUndefined)
    sandbox = Sandbox(
        undefined=StrictUndefined, keep_trailing_newline=True, optimized=False, autoescape=html
    )
    sandbox.globals = {"range": safe_range}
    sandbox.filters = {name: original.filters[name] for name in _FREE_FILTERS}
    sandbox.filters |= {name: _metered(name, original.call_filter) for name in _METERED_FILTERS}
    sandbox.filters |= {"<each>": pass_context(Meter.each), "<weigh>": pass_context(Meter.weigh)}
    sandbox.tests = {name: original.tests[name] for name in _FREE_TESTS}
    sandbox.tests |= {name: _metered(name, original.call_test) for name in _METERED_TESTS}
    return sandbox
