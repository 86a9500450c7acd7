"""The schema, and its export."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import strawberry
from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.client import ClientMutation, ClientQuery
from graph.errors import present
from graph.inbox import (
    InboxQuery,
    InboxSubscription,
    NotificationCreated,
    NotificationsRead,
    Resync,
)
from graph.kind import KindMutation, KindQuery
from graph.mailing import MailingQuery
from graph.mailing_mutation import MailingMutation
from graph.message import MessageQuery
from graph.notification import NotificationMutation
from graph.scalars import SCALARS
from graph.statistics import StatisticsQuery

MOST_TOKENS = 2_000
CACHED_OPERATIONS = 512


@strawberry.type(description="Everything that can be read.")
class Query(ClientQuery, InboxQuery, KindQuery, MailingQuery, MessageQuery, StatisticsQuery):
    """The root of queries."""


@strawberry.type(description="Everything that can be changed.")
class Mutation(ClientMutation, KindMutation, MailingMutation, NotificationMutation):
    """The root of mutations."""


@strawberry.type(description="Everything that can be followed live.")
class Subscription(InboxSubscription):
    """The root of subscriptions."""


class Schema(strawberry.Schema):
    """Strawberry's schema, with errors made fit to be seen."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Mask and code every error before it leaves."""
        for error in errors:
            present(error)


class Parser(ParserCache):
    """Strawberry's cache; a syntax error is left to Strawberry, which parses again and answers it.

    Raised from here it would pass a socket's operation by, and end it without a word.
    """

    def on_parse(self) -> Iterator[None]:
        """Take the document from the cache, or parse it."""
        with suppress(GraphQLError):
            next(super().on_parse())
        yield


class NamesOperation(SchemaExtension):
    """Refuses to guess which of several operations is meant (GraphQL, section 6.1)."""

    def on_validate(self) -> Iterator[None]:
        """After the cache of validations, whose errors are shared and stay as they are."""
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) > 1 and context._provided_operation_name is None:  # noqa: SLF001 - has no public name
            error = GraphQLError("the document has several operations; name one by operationName")
            context.pre_execution_errors = [*(context.pre_execution_errors or ()), error]
        yield


def _extensions() -> list[Any]:
    return [
        lambda: MaxTokensLimiter(max_token_count=MOST_TOKENS),
        lambda: Parser(maxsize=CACHED_OPERATIONS),
        lambda: ValidationCache(maxsize=CACHED_OPERATIONS),
        NamesOperation,
    ]


schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[NotificationCreated, NotificationsRead, Resync],
    extensions=_extensions(),
    config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
)


def export() -> str:
    """The schema in GraphQL's own language, sorted."""
    return schema.as_str().rstrip() + "\n"
