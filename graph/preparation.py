"""What an operation passes before it is executed: read, measured, validated and weighed."""

from collections.abc import Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
    parse,
)
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from core.errors import BelfryError, Forbidden, TooComplex
from core.settings import Settings, current
from graph import introspection
from graph.context import Context
from graph.limits import MOST_TOKENS, check_cost, check_shape, check_text
from graph.prepared import Documents, Prepared, Refused, prepare

documents = Documents()


class Preparation(SchemaExtension):
    """Parses, measures and validates a document once, however often it is executed.

    One extension in place of Strawberry's three, because each costs its hooks in every operation.
    """

    _prepared: Prepared | None = None
    _refused: Sequence[GraphQLError] = ()

    def on_parse(self) -> None:  # type: ignore[override] # a plain function will do
        """Take the document, or in place of one that can't be read an empty one.

        Raised from here, an error would end a socket's operation without a word.
        """
        context = self.execution_context
        try:
            self._prepared = _prepared(context)
            context.graphql_document = self._prepared.document
        except Refused as refused:
            self._refused = refused.errors
            name = context._provided_operation_name  # noqa: SLF001 - has no public name
            context.graphql_document = refused.document or _empty(name)

    def on_validate(self) -> None:  # type: ignore[override] # a plain function will do
        """Say why the operation is refused, if it is."""
        context = self.execution_context
        errors = list(self._refused)
        if self._prepared is not None:
            errors = _objections(self._prepared, context)
            _note(self._prepared, context, refused=bool(errors))
        context.pre_execution_errors = errors


def operation_type(text: str, name: str | None) -> OperationType | None:
    """The kind of the operation that is meant; None where the document does not tell."""
    known = documents.known(text)
    try:
        check_text(text)
        document = known.document if known else parse(text, max_tokens=MOST_TOKENS)
    except (GraphQLError, TooComplex):
        return None
    operation = get_operation_ast(document, name)
    return operation.operation if operation else None


def keep(schema: GraphQLSchema, text: str, settings: Settings) -> None:
    """Have a document ready for good; raises Refused."""
    made = prepare(schema, text, settings, suggest=True)
    documents.pin(text, made)


def may_introspect(context: Context | None) -> bool:
    """Whether the caller may see the schema, and names from it in errors."""
    return introspection.allowed(_settings(context), context.principal if context else None)


def _prepared(context: ExecutionContext) -> Prepared:
    """The document, ready to be executed; raises Refused."""

    def make(text: str) -> Prepared:
        schema = context.schema._schema  # noqa: SLF001 - Strawberry's own way to it
        settings, suggest = _settings(context.context), may_introspect(context.context)
        return prepare(schema, text, settings, suggest=suggest)

    return documents.get(context.query or "", make)


def _objections(prepared: Prepared, context: ExecutionContext) -> list[GraphQLError]:
    """Why a valid document's operation is refused to this caller."""
    if len(prepared.operations) > 1 and context._provided_operation_name is None:  # noqa: SLF001
        # GraphQL, section 6.1: not to be guessed.
        return [GraphQLError("the document has several operations; name one by operationName")]
    settings = _settings(context.context)
    try:
        check_shape(prepared.shape, settings)
        if prepared.shape.introspects and not may_introspect(context.context):
            raise Forbidden("introspection is not open to you; the documentation has the schema")
        name, variables = context.operation_name, context.variables or {}
        prepared.check_input(name, variables)
        check_cost(prepared.cost(name, variables), settings)
    except BelfryError as error:
        return [GraphQLError(str(error), original_error=error)]
    return []


def _note(prepared: Prepared, context: ExecutionContext, *, refused: bool) -> None:
    """Let those who count know what is asked for."""
    name, asked = context.operation_name, context.context and context.context.asked
    operation = prepared.operations.get(name)
    if asked is not None and operation is not None:
        asked.found(operation.operation.value, prepared.fields[name])
        if operation.operation is OperationType.SUBSCRIPTION and not refused:
            asked.follows()


def _settings(context: Context | None) -> Settings:
    return context.parts.settings if context else current()


def _empty(name: str | None) -> DocumentNode:
    """A document with one operation of this name, which is never executed."""
    typename = FieldNode(name=NameNode(value="__typename"), arguments=(), directives=())
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=NameNode(value=name) if name else None,
        selection_set=SelectionSetNode(selections=(typename,)),
        directives=(),
        variable_definitions=(),
    )
    return DocumentNode(definitions=(operation,))
