"""Strawberry's runner of extension hooks, which passes over those that no extension has.

A hook that is a plain function is called, without a generator and two contexts around it.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeAlias

from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext

Kinds: TypeAlias = tuple[type[SchemaExtension], ...]
Calls: TypeAlias = tuple[Callable[[], object], ...]

_NOTHING = nullcontext()


class Hooks(SchemaExtensionsRunner):
    """The hooks of one operation. A subscription runs two of them for each event."""

    def __init__(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> None:
        super().__init__(execution_context, extensions)
        self._kinds = tuple(map(type, extensions))

    def operation(self) -> Any:  # noqa: ANN401 - Strawberry's own, or one that does the same
        """Around the whole operation."""
        return self._around("on_operation", super().operation)

    def parsing(self) -> Any:  # noqa: ANN401
        """Around the reading of the document."""
        return self._around("on_parse", super().parsing)

    def validation(self) -> Any:  # noqa: ANN401
        """Around its validation."""
        return self._around("on_validate", super().validation)

    def executing(self) -> Any:  # noqa: ANN401
        """Around its execution."""
        return self._around("on_execute", super().executing)

    def on_stream_result(self, result: Any) -> AbstractAsyncContextManager[None]:  # type: ignore[override]  # noqa: ANN401 - of four types
        """Around the sending of a result."""
        watched = _having("on_stream_result", self._kinds)
        return super().on_stream_result(result) if watched else _NOTHING

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """What extensions add to the answer."""
        if _having("get_results", self._kinds):
            return await super().get_extensions_results(ctx)
        return dict(ctx.extensions_results)

    def _around(self, hook: str, usual: Callable[[], Any]) -> Any:  # noqa: ANN401
        places = _having(hook, self._kinds)
        if not places:
            return _NOTHING
        if not _are_plain(hook, self._kinds):
            return usual()
        return _Called(tuple([getattr(self.extensions[place], hook) for place in places]))


class _Called:
    """Calls hooks before what is inside, and nothing after it."""

    __slots__ = ("_calls",)

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def __enter__(self) -> None:
        for call in self._calls:
            call()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


@lru_cache
def _having(hook: str, kinds: Kinds) -> tuple[int, ...]:
    """The places of the extensions that have the hook."""
    usual = getattr(SchemaExtension, hook)
    return tuple(at for at, kind in enumerate(kinds) if getattr(kind, hook) is not usual)


@lru_cache
def _are_plain(hook: str, kinds: Kinds) -> bool:
    """Whether all of those are functions that return at once."""
    hooks = [getattr(kinds[place], hook) for place in _having(hook, kinds)]
    return all(
        inspect.isfunction(it)
        and not inspect.isgeneratorfunction(it)
        and not inspect.isasyncgenfunction(it)
        and not inspect.iscoroutinefunction(it)
        for it in hooks
    )
