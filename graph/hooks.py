"""Strawberry's runner of extension hooks, which passes over those that no extension has."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.types import ExecutionContext


class Hooks(SchemaExtensionsRunner):
    """The hooks of one operation. A subscription runs two of them for each event."""

    def __init__(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> None:
        super().__init__(execution_context, extensions)
        kinds = tuple(map(type, extensions))
        self._streamed = _somebody_has("on_stream_result", kinds)
        self._added = _somebody_has("get_results", kinds)

    def on_stream_result(self, result: Any) -> AbstractAsyncContextManager[None]:  # type: ignore[override]  # noqa: ANN401 - of four types
        """Around the sending of a result."""
        return super().on_stream_result(result) if self._streamed else nullcontext()

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """What extensions add to the answer."""
        if self._added:
            return await super().get_extensions_results(ctx)
        return dict(ctx.extensions_results)


@lru_cache
def _somebody_has(hook: str, kinds: tuple[type[SchemaExtension], ...]) -> bool:
    usual = getattr(SchemaExtension, hook)
    return any(getattr(kind, hook) is not usual for kind in kinds)
