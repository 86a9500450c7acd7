"""The schema, and its export."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph import reading
from graph.api_key import ApiKeyMutation, ApiKeyQuery
from graph.audit import AuditQuery
from graph.client import ClientMutation, ClientQuery
from graph.completion import Completion
from graph.contact import ContactMutation, ContactQuery
from graph.contact_send import ContactSendMutation, ContactSendQuery
from graph.erasure import ErasureMutation, ErasureQuery
from graph.errors import present
from graph.group import GroupQuery
from graph.group_mutation import GroupMutation
from graph.history import HistoryQuery
from graph.hooks import Hooks
from graph.inbox import InboxQuery
from graph.inbox_event import EVENTS, InboxSubscription
from graph.introspection import without_suggestions
from graph.kind import KindMutation, KindQuery
from graph.mailing import MailingQuery
from graph.mailing_control import MailingControlMutation
from graph.mailing_mutation import MailingMutation
from graph.message import MessageQuery
from graph.notification import NotificationMutation
from graph.notification_change import NotificationChangeMutation
from graph.preferences import PreferencesMutation, PreferencesQuery
from graph.preparation import Preparation, may_introspect, operation_type
from graph.preview import PreviewQuery
from graph.progress import ProgressSubscription
from graph.queue import QueueQuery
from graph.reason import ReasonQuery
from graph.report import ReportMutation, ReportQuery
from graph.scalars import SCALARS
from graph.segment import SegmentMutation, SegmentQuery
from graph.send import SendMutation, SendQuery
from graph.statistics import StatisticsQuery
from graph.suppression import SuppressionMutation, SuppressionQuery
from graph.tail import TailSubscription
from graph.template import TemplateQuery
from graph.template_mutation import TemplateMutation
from graph.template_preview import TemplatePreviewQuery
from graph.user import UserMutation, UserQuery
from graph.worker import WorkerQuery

__all__ = ["Schema", "export", "operation_type", "schema"]


@strawberry.type(description="Everything that can be read.")
class Query(
    ApiKeyQuery,
    AuditQuery,
    ClientQuery,
    HistoryQuery,
    ContactQuery,
    ContactSendQuery,
    ErasureQuery,
    GroupQuery,
    InboxQuery,
    KindQuery,
    MailingQuery,
    MessageQuery,
    PreferencesQuery,
    PreviewQuery,
    QueueQuery,
    ReportQuery,
    ReasonQuery,
    SegmentQuery,
    SendQuery,
    StatisticsQuery,
    SuppressionQuery,
    TemplatePreviewQuery,
    TemplateQuery,
    UserQuery,
    WorkerQuery,
):
    """The root of queries."""


@strawberry.type(description="Everything that can be changed.")
class Mutation(
    ApiKeyMutation,
    ClientMutation,
    ContactMutation,
    ContactSendMutation,
    ErasureMutation,
    GroupMutation,
    KindMutation,
    MailingControlMutation,
    MailingMutation,
    NotificationChangeMutation,
    NotificationMutation,
    SegmentMutation,
    PreferencesMutation,
    ReportMutation,
    SuppressionMutation,
    TemplateMutation,
    SendMutation,
    UserMutation,
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
        context = execution_context.context if execution_context else None
        suggest = may_introspect(context)
        for error in errors:
            present(error)
            if not suggest:
                error.message = without_suggestions(error.message)

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> Hooks:
        """Without the hooks that nobody has."""
        return Hooks(execution_context, extensions)


def _schema(*, in_order: bool) -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=EVENTS,
        extensions=[Preparation],
        execution_context_class=Completion,
        config=StrawberryConfig(scalar_map=SCALARS, sort_schema=in_order),
    )


# Not in order: graphql-core's sorting makes new enums, which give resolvers plain texts.
schema = _schema(in_order=False)
reading.plan(schema)


def export() -> str:
    """The schema in GraphQL's own language, sorted."""
    return _schema(in_order=True).as_str().rstrip() + "\n"
