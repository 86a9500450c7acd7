"""The schema, and its export."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.client import ClientMutation, ClientQuery
from graph.completion import Completion
from graph.errors import present
from graph.inbox import (
    InboxQuery,
    InboxSubscription,
    NotificationCreated,
    NotificationsRead,
    Resync,
)
from graph.kind import KindMutation, KindQuery
from graph.limits import MOST_INTROSPECTION, MOST_TOKENS, introspection
from graph.mailing import MailingQuery
from graph.mailing_control import MailingControlMutation
from graph.mailing_mutation import MailingMutation
from graph.message import MessageQuery
from graph.notification import NotificationMutation
from graph.preview import PreviewQuery
from graph.progress import ProgressSubscription
from graph.scalars import SCALARS
from graph.statistics import StatisticsQuery
from graph.tail import TailSubscription

CACHED_OPERATIONS = 512


@strawberry.type(description="Everything that can be read.")
class Query(
    ClientQuery,
    InboxQuery,
    KindQuery,
    MailingQuery,
    MessageQuery,
    PreviewQuery,
    StatisticsQuery,
):
    """The root of queries."""


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    ClientMutation, KindMutation, MailingControlMutation, MailingMutation, NotificationMutation
):
    """The root of mutations."""


@strawberry.type(description="Everything that can be followed live.")
class Subscription(InboxSubscription, ProgressSubscription, TailSubscription):
    """The root of subscriptions."""


class Schema(strawberry.Schema):
    """Strawberry's schema, with errors made fit to be seen."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Mask and code every error before it leaves."""
        for error in errors:
            present(error)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document, parsed and validated."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    operations: int


@lru_cache(maxsize=CACHED_OPERATIONS)
def _prepared(query: str) -> Prepared:
    # By its text, because hashing a document takes as long as a small operation.
    document = parse(query, max_tokens=MOST_TOKENS)
    errors = validate(schema._schema, document)  # noqa: SLF001 - Strawberry's own way to it
    if not errors and introspection(document) > MOST_INTROSPECTION:
        errors = [GraphQLError("the document introspects too much; ask for the schema once")]
    operations = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    return Prepared(document, tuple(errors), operations)


class Preparation(SchemaExtension):
    """Parses and validates a document once, however often it is executed, within a limit of tokens.

    One extension in place of Strawberry's three, because each costs its hooks in every operation.
    """

    def on_parse(self) -> Iterator[None]:
        """Take the document; a wrong one is left to Strawberry, which parses it again and answers.

        Raised from here, its error would end a socket's operation without a word.
        """
        context = self.execution_context
        context.parse_options = {"max_tokens": MOST_TOKENS}
        with suppress(GraphQLError):
            context.graphql_document = _prepared(context.query or "").document
        yield

    def on_validate(self) -> Iterator[None]:
        """Take the errors, and refuse to guess which of several operations is meant.

        GraphQL, section 6.1. The errors are shared by all who send this document.
        """
        context = self.execution_context
        prepared = _prepared(context.query or "")
        errors = list(prepared.errors)
        if prepared.operations > 1 and context._provided_operation_name is None:  # noqa: SLF001 - has no public name
            message = "the document has several operations; name one by operationName"
            errors.append(GraphQLError(message))
        context.pre_execution_errors = errors
        yield


def _schema(*, in_order: bool) -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[NotificationCreated, NotificationsRead, Resync],
        extensions=[Preparation],
        execution_context_class=Completion,
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=in_order),
    )


# Not in order: graphql-core's sorting makes new enums, which give resolvers plain texts.
schema = _schema(in_order=False)


def export() -> str:
    """The schema in GraphQL's own language, sorted."""
    return _schema(in_order=True).as_str().rstrip() + "\n"
