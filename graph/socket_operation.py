"""One operation on a socket, from its subscribe message to its last one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol

import orjson
from graphql import GraphQLError, OperationType
from strawberry.types.execution import ExecutionResult, PreExecutionError

from core.errors import TimedOut
from graph import gate
from graph.context import Context
from graph.errors import present
from graph.request import Operation
from graph.schema import operation_type, schema
from graph.socket_line import Line


class Owner(Protocol):
    """The socket that an operation came by."""

    line: Line
    operations: dict[str, "Running"]

    def finished(self) -> None:
        """An operation has come to its end."""


class Running:
    """A task that sends what comes of an operation, each under the operation's id."""

    __slots__ = ("_id", "_kind", "_owner", "_stopped", "size", "task")

    def __init__(
        self, owner: Owner, id_: str, operation: Operation, context: Context, size: int
    ) -> None:
        """Start it; `size` is that of the message that asked for it."""
        self.size = size
        self._owner = owner
        self._id = id_
        self._kind = operation_type(operation.query, operation.name)
        self._stopped = False
        self.task = asyncio.create_task(self._run(operation, context), name="operation")

    @property
    def finite(self) -> bool:
        """Whether it ends by itself, as all but subscriptions do."""
        return self._kind is not OperationType.SUBSCRIPTION

    def stop(self) -> bool:
        """Say nothing more, and end unless something is being changed; whether it runs on."""
        self._stopped = True
        if self._kind is OperationType.MUTATION:
            return not self.task.done()
        self.task.cancel()
        return False

    async def _run(self, operation: Operation, context: Context) -> None:
        try:
            await gate.admit(context)
            results = await schema.stream(
                operation.query, operation.variables, context, operation_name=operation.name
            )
            limit = context.parts.settings.operation_seconds
            del operation, context
            async with aclosing(results):
                if self.finite:
                    await asyncio.wait_for(self._tell(results), limit)
                else:
                    await self._tell(results)
        except TimeoutError:
            self._fail(TimedOut())
        except Exception as error:  # noqa: BLE001 - the other operations did no wrong
            self._fail(error)

    async def _tell(self, results: AsyncIterator[Any]) -> None:
        async for result in results:
            if isinstance(result, PreExecutionError):
                self._end("error", [error.formatted for error in result.errors or ()])
                return
            if not self._stopped:
                await self._owner.line.say(self._next(result))
            del result  # until the next, which may take days
        self._end("complete")

    def _next(self, result: ExecutionResult) -> bytes:
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [error.formatted for error in result.errors]
        return orjson.dumps({"id": self._id, "type": "next", "payload": payload})

    def _fail(self, cause: Exception) -> None:
        error = GraphQLError(str(cause), original_error=cause)
        present(error)
        self._end("error", [error.formatted])

    def _end(self, kind: str, payload: Any = None) -> None:  # noqa: ANN401 - JSON
        """Say the last message; before it the id is free for another operation."""
        if self._stopped:
            return
        message = {"id": self._id, "type": kind}
        del self._owner.operations[self._id]
        self._owner.line.send(orjson.dumps(message | ({"payload": payload} if payload else {})))
        self._owner.finished()


def is_request(said: dict[str, Any]) -> bool:
    """Whether a subscribe message's payload has the shape that the protocol asks for."""
    by_hash = isinstance(said.get("documentId"), str) or isinstance(said.get("extensions"), dict)
    return (
        (isinstance(said.get("query"), str) or (said.get("query") is None and by_hash))
        and isinstance(said.get("documentId"), str | None)
        and isinstance(said.get("variables"), dict | None)
        and isinstance(said.get("operationName"), str | None)
        and isinstance(said.get("extensions"), dict | None)
    )
