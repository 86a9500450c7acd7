"""One operation on a socket, from its subscribe message to its last one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, nullcontext
from typing import Any, Protocol

import orjson
from graphql import GraphQLError, OperationType
from strawberry.types.execution import ExecutionResult, PreExecutionError

from core import bearings
from core.errors import TimedOut, TooManyOperations
from graph import gate, outgoing
from graph.asked import LEFT, code_of
from graph.context import Context
from graph.errors import present
from graph.request import Operation
from graph.schema import operation_type, schema
from graph.socket_line import Line

TRANSPORT = "socket"
AT_ONCE = 4
"""Queries and mutations that are carried out at once on a socket; their answers stay in memory."""
_NO_TURN = nullcontext()


class Owner(Protocol):
    """The socket that an operation came by."""

    line: Line
    operations: dict[str, "Running"]
    turns: asyncio.Semaphore
    """For the queries and mutations that are carried out at once."""

    def finished(self) -> None:
        """An operation has come to its end."""


class Running:
    """A task that sends what comes of an operation, each under the operation's id."""

    __slots__ = ("_asked", "_begun", "_id", "_kind", "_owner", "_stopped", "size", "task")

    def __init__(
        self, owner: Owner, id_: str, operation: Operation, context: Context, size: int
    ) -> None:
        """Start it; `size` is that of the message that asked for it."""
        self.size = size
        self._owner = owner
        self._id = id_
        self._kind = operation_type(operation.query, operation.name)
        self._asked = context.asked
        self._asked.transport = TRANSPORT
        if context.principal is not None:
            self._asked.principal = context.principal.subject
        self._begun = False
        self._stopped = False
        self.task = asyncio.create_task(self._run(operation, context), name="operation")

    @property
    def finite(self) -> bool:
        """Whether it ends by itself, as all but subscriptions do."""
        return self._kind is not OperationType.SUBSCRIPTION

    def stop(self) -> bool:
        """Say nothing more; whether it must come to its end, since it is changing something."""
        self._stopped = True
        return self._begun and self._kind is OperationType.MUTATION and not self.task.done()

    async def _run(self, operation: Operation, context: Context) -> None:
        bearings.take(self._asked)
        if self.finite:  # a subscription would be a span of days
            self._asked.trace()
        try:
            await gate.admit(context)
            async with self._owner.turns if self.finite else _NO_TURN:
                await self._owner.line.writable()
                if self._stopped:
                    self._asked.code = LEFT
                    return
                self._begun = True
                results = await schema.stream(
                    operation.query, operation.variables, context, operation_name=operation.name
                )
                if self.finite:
                    results = _in_time(results, context.parts.settings.operation_seconds)
                del operation, context
                async with aclosing(results):
                    await self._tell(results)
        except TimeoutError:
            self._fail(TimedOut())
        except Exception as error:  # noqa: BLE001 - the other operations did no wrong
            self._fail(error)
        except asyncio.CancelledError:
            if self.finite:
                self._asked.code = LEFT
            raise
        finally:
            self._asked.ended()

    async def _tell(self, results: AsyncIterator[Any]) -> None:
        async for result in results:
            self._asked.code = code_of(getattr(result, "errors", None))
            if isinstance(result, PreExecutionError):
                self._end("error", [error.formatted for error in result.errors or ()])
                return
            if self._stopped:
                return
            said = next_of(self._id, result)
            del result  # it may take long until it is said, and days until the next
            self._check_room(len(said))
            await self._owner.line.say(said)
            del said
        self._end("complete")

    def _check_room(self, octets: int) -> None:
        # A query can be asked again; what was changed, or happened, has to be told.
        jam = self._owner.line.jam
        if self._kind is OperationType.QUERY and jam is not None and not jam.has_room(octets):
            raise TooManyOperations("too much waits to be read on this socket; read it, ask again")

    def _fail(self, cause: Exception) -> None:
        error = GraphQLError(str(cause), original_error=cause)
        present(error)
        self._asked.code = code_of([error])
        self._end("error", [error.formatted])

    def _end(self, kind: str, payload: Any = None) -> None:  # noqa: ANN401 - JSON
        """Say the last message; before it the id is free for another operation."""
        if self._stopped:
            return
        message = {"id": self._id, "type": kind}
        del self._owner.operations[self._id]
        self._owner.line.send(orjson.dumps(message | ({"payload": payload} if payload else {})))
        self._owner.finished()


async def _in_time(results: AsyncGenerator[Any, None], seconds: float) -> AsyncGenerator[Any, None]:
    """The results of what ends by itself; raises TimeoutError. To tell them takes its own time."""
    async with aclosing(results):
        every = await asyncio.wait_for(_all(results), seconds)
    while every:
        yield every.pop(0)


async def _all(results: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in results]


def next_of(id_: str, result: ExecutionResult) -> bytes:
    """A result as a message."""
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [error.formatted for error in result.errors]
    written = orjson.Fragment(outgoing.write(payload))
    return orjson.dumps({"id": id_, "type": "next", "payload": written})


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
