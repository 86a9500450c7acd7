"""Every document, bound to a database."""

from typing import Any

from beanie import Document, init_beanie
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from models.api_key import ApiKey
from models.attempt import Attempt
from models.audit_entry import AuditEntry
from models.client import Client
from models.contact import Contact
from models.course import Course
from models.ending import Ending
from models.erasure import Erasure
from models.group import Group
from models.idempotency import Answer
from models.kind import Kind
from models.mailing import Counter, Mailing
from models.mailing_change import MailingChange
from models.message import Message
from models.meta import Meta
from models.provider import Provider
from models.report import Report
from models.rollup import RolledDay, Rollup
from models.segment import Segment
from models.send import Send
from models.session import Session
from models.suppression import Suppression
from models.template import Template, TemplateVersion
from models.user import User
from models.worker import Worker

EXISTS = 48
"""MongoDB's NamespaceExists."""

DOCUMENTS: tuple[type[Document], ...] = (
    Answer,
    ApiKey,
    Attempt,
    AuditEntry,
    Client,
    Contact,
    Counter,
    Course,
    Ending,
    Erasure,
    Group,
    Kind,
    Mailing,
    MailingChange,
    Message,
    Meta,
    Provider,
    Report,
    RolledDay,
    Rollup,
    Segment,
    Session,
    Suppression,
    Template,
    TemplateVersion,
    Send,
    User,
    Worker,
)


async def prepare(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Bind the documents to `database` and make sure of their indexes; safe to run again."""
    await _add_time_series(database)
    await init_beanie(database=database, document_models=list(DOCUMENTS))


async def _add_time_series(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Beanie looks first and creates then, which fails for all but one of those that start at once."""
    settings = Rollup.Settings
    how = settings.timeseries.build_query(settings.name)
    try:
        await database.create_collection(**how, check_exists=False)
    except OperationFailure as error:
        if error.code != EXISTS:
            raise
