"""Reads the imports of Belfry's files and says which break the order of its floors."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

FLOORS = {
    "core": 0,
    "rules": 1,
    "models": 2,
    "channels": 2,
    "services": 3,
    "jobs": 4,
    "graph": 4,
    "cli": 5,
    "local": 5,
    "belfry": 6,
    "bench": 6,
}
"""Rooms and their floors; imports go strictly down, or stay within the room."""

CLI = "cli"
"""The command line against any server, which knows Belfry only by its public API."""
LOCAL = "local"
"""The embedded stack, which production does not have; see `_local_import`."""
TESTS = "tests"

LONGEST = 250
"""Lines that a file may have."""

_RULES_NEVER_IMPORT = {
    *("aiohttp", "aiosmtplib", "anyio", "arq", "asyncio", "beanie", "concurrent", "http", "httpx"),
    *("motor", "multiprocessing", "os", "pathlib", "pymongo", "redis", "requests", "selectors"),
    *("shutil", "signal", "smtplib", "socket", "sqlite3", "ssl", "starlette", "strawberry"),
    *("subprocess", "tempfile", "threading", "time", "urllib3", "websockets"),
}
_CLOCKS = {"monotonic", "monotonic_ns", "now", "perf_counter", "time_ns", "today", "utcnow"}
_READERS = {"input", "open", "print"}

_OF_A_MODEL = {
    *("aggregate", "bulk_writer", "count", "delete", "delete_all", "distinct", "find", "find_all"),
    *("find_many", "find_one", "get", "get_pymongo_collection", "insert", "insert_many"),
    *("insert_one", "inspect_collection", "replace", "replace_many", "save", "update"),
    *("update_all", "update_many", "update_one", "upsert"),
}
_OF_ANY_VALUE = _OF_A_MODEL - {"count", "find", "get", "insert", "replace", "update"}
"""The rest are also methods of strings, lists and dicts."""


@dataclass(frozen=True, slots=True)
class Import:
    """One module that a file imports, and where."""

    module: str
    line: int
    lazy: bool
    """Inside a function."""


def check(sources: Mapping[str, str]) -> list[str]:
    """What is wrong in these files, by their path from the root of the repository."""
    trees = {path: ast.parse(source) for path, source in sources.items()}
    modules = {module_of(path): path for path in sources}
    problems = [problem for path, tree in trees.items() for problem in _check_file(path, tree)]
    problems += [
        f"{path}: {lines} lines, more than {LONGEST}"
        for path, source in sources.items()
        if (lines := len(source.splitlines())) > LONGEST
    ]
    return problems + list(_cycles(trees, modules))


def module_of(path: str) -> str:
    """The name by which the file at this path is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree: ast.AST, *, lazy: bool = False) -> Iterator[Import]:
    """Every import in the tree, those inside functions included; `from a import b` gives `a.b`."""
    for node in ast.iter_child_nodes(tree):
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        match node:
            case ast.Import(names=names):
                yield from (Import(name.name, node.lineno, lazy) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = "." * level + (module or "")
                yield from (Import(f"{start}.{name.name}", node.lineno, lazy) for name in names)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if _last_name(
                func
            ) in {"import_module", "__import__"}:
                yield Import(name, node.lineno, lazy)
        yield from imports(node, lazy=inside)


def _check_file(path: str, tree: ast.Module) -> Iterator[str]:
    room = room_of(path)
    if room == TESTS:
        return
    if room not in FLOORS:
        yield f"{path}: in no known room"
        return
    for found in imports(tree):
        if problem := _import_problem(room, found):
            yield f"{path}:{found.line}: {problem}"
    if room == "rules":
        yield from (f"{path}:{line}: {problem}" for line, problem in _impurities(tree))
    if room == "graph":
        yield from (f"{path}:{line}: {problem}" for line, problem in _queries(tree))


def room_of(path: str) -> str:
    """The room of a file, or its own name at the root."""
    return path.partition("/")[0].removesuffix(".py")


def _import_problem(room: str, found: Import) -> str | None:
    target = found.module.split(".")[0]
    if found.module.startswith("."):
        return "a relative import"
    if target == TESTS:
        return "imports tests"
    if target not in FLOORS or target == room:
        return None
    if room == CLI and target != "core":
        return f"{CLI} imports {target}; it may import only core"
    if target == LOCAL:
        return _local_import(room, found)
    if FLOORS[target] > FLOORS[room]:
        return f"{room} imports {target}, which is above"
    if FLOORS[target] == FLOORS[room]:
        return f"{room} imports {target}, which is on the same floor"
    return None


def _local_import(room: str, found: Import) -> str | None:
    if room not in ("belfry", "bench"):
        return f"{room} imports {LOCAL}; only belfry.py, bench and tests may"
    if found.lazy or room == "bench":
        return None
    return f"belfry.py imports {LOCAL} other than inside a function"


def _impurities(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for found in imports(tree):
        module, _, name = found.module.rpartition(".")
        if found.module.split(".")[0] in _RULES_NEVER_IMPORT:
            yield found.line, f"rules import {found.module}"
        elif module == "core.clock" and name in _CLOCKS:
            yield found.line, "rules import a clock"
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
                yield node.lineno, "rules are not async"
            case ast.Call(func=ast.Attribute(attr=name)) if name in _CLOCKS:
                yield node.lineno, f"rules have no clock of their own, but call {name}()"
            case ast.Call(func=ast.Name(id=name)) if name in _READERS:
                yield node.lineno, f"rules do no I/O, but call {name}()"
            case _:
                pass


def _queries(tree: ast.Module) -> Iterator[tuple[int, str]]:
    imported = _roots(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=value, attr=name):
                source = imported.get(_first_name(value))
                if source is not None and source != "models":
                    continue
                if name in (_OF_A_MODEL if source else _OF_ANY_VALUE):
                    yield node.lineno, f"graph never queries or saves, but uses .{name}"
            case _:
                pass


def _roots(tree: ast.Module) -> dict[str, str]:
    """Imported names, and the top module of each."""
    names = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.split(".")[0]
                    names[alias.asname or top] = top
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {alias.asname or alias.name: module.split(".")[0] for alias in aliases}
            case _:
                pass
    return names


def _first_name(node: ast.expr) -> str:
    while True:
        match node:
            case ast.Attribute(value=inner) | ast.Call(func=inner) | ast.Subscript(value=inner):
                node = inner
            case ast.Await(value=inner):
                node = inner
            case ast.Name(id=name):
                return name
            case _:
                return ""


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _cycles(trees: Mapping[str, ast.Module], modules: Mapping[str, str]) -> Iterator[str]:
    for room in FLOORS:
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for path, tree in trees.items():
            if room_of(path) == room:
                sorter.add(path, *_neighbours(path, imports(tree), modules))
        try:
            sorter.prepare()
        except CycleError as error:
            circle = error.args[1]
            yield "a circle of imports: " + ", ".join(f"{b} <- {a}" for a, b in pairwise(circle))


def _neighbours(path: str, found: Iterable[Import], modules: Mapping[str, str]) -> Iterator[str]:
    for each in found:
        # `from room.file import name` reads the file; `from room import file` does as well.
        target = modules.get(each.module) or modules.get(each.module.rpartition(".")[0])
        if target is not None and target != path and room_of(target) == room_of(path):
            yield target
