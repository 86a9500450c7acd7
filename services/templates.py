"""Templates: create, change, delete, choose one for a send (T1)."""

import asyncio
from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from core import clock, events, mongo
from core.errors import Checklist, InvalidInput, Problem
from core.parts import Parts
from models.template import Template, TemplateVersion, version_id
from rules import kind
from services import idempotency, new_template, template_uses
from services.idempotency import Once, Row
from services.new_template import NewTemplate, Said

MOST_TEMPLATES = 10_000
KEPT_VERSIONS = 64
"""Of those used last, in memory: they never change."""

_versions: OrderedDict[str, TemplateVersion] = OrderedDict()


async def find(key: str | ObjectId, session: AsyncClientSession | None = None) -> Template | None:
    """A template by its slug or its id."""
    name = "_id" if isinstance(key, ObjectId) else "slug"
    return await Template.find_one({name: key}, session=session)


async def chosen(
    key: str | ObjectId, version: int | None = None, field: str = "template"
) -> TemplateVersion:
    """The version that a send takes, the newest unless another is named.

    Raises InvalidInput, at `field`, if there is no such template or version.
    """
    head = await find(key)
    if head is None:
        raise missing(field, key)
    number = head.version if version is None else version
    found = await _version(head, number)
    if found is None:
        message = f"{head.slug} has no version {number}; its newest is {head.version}"
        raise InvalidInput.at(field, message, Problem.NOT_FOUND)
    return found


async def create(parts: Parts, caller: str, new: NewTemplate, key: str | None = None) -> Template:
    """Store a template with its version 1; raises InvalidInput with every mistake."""

    async def work(session: AsyncClientSession | None) -> Row:
        if session is None:
            return await mongo.promptly(parts.mongo, work)
        return await _insert(session, caller, new)

    once = Once.of(caller, "createTemplate", key, asdict(new))
    stored: Template = Template.model_validate(await idempotency.run(parts.mongo, once, work))
    events.emit("template.created", slug=stored.slug, version=stored.version)
    return stored


async def update(
    parts: Parts,
    caller: str,
    key: str | ObjectId,
    changes: dict[str, Any],
    expected: int | None = None,
) -> Template:
    """Make a new version with what `changes` names; what stays the same makes none.

    Raises InvalidInput with every mistake, and if the newest version is not the one expected.
    """

    async def work(session: AsyncClientSession) -> Template:
        head = await find(key, session)
        if head is None:
            raise missing("template", key)
        if expected not in (None, head.version):
            raise _conflict(head)
        before = await TemplateVersion.get(version_id(head.id, head.version), session=session)
        assert before is not None
        new = new_template.of(before, changes)
        if new_template.is_same(new, new_template.of(before, {})):
            return head
        return await _replace(session, head, new, caller)

    updated = await mongo.promptly(parts.mongo, work)
    events.emit("template.updated", slug=updated.slug, version=updated.version)
    return updated


async def delete(parts: Parts, key: str | ObjectId) -> Template:
    """Take a template away; raises InvalidInput while something is to be made or sent of it.

    Its versions stay: what was made from them names them.
    """

    async def work(session: AsyncClientSession) -> Template:
        head = await find(key, session)
        if head is None:
            raise missing("template", key)
        if used := await template_uses.of(session, head):
            message = f"the template is in use by {', '.join(used)}"
            raise InvalidInput.at("template", message, Problem.NOT_ALLOWED_NOW)
        await _heads().delete_one({"_id": head.id}, session=session)
        return head

    deleted = await mongo.promptly(parts.mongo, work)
    events.emit("template.deleted", slug=deleted.slug, version=deleted.version)
    return deleted


async def hold(session: AsyncClientSession, template_id: ObjectId, field: str = "template") -> None:
    """Let a transaction that comes to depend on a template win against a deletion, or fail.

    Raises InvalidInput, at `field`, if it was deleted.
    """
    held = {"$set": {"held_at": clock.now()}}
    result = await _heads().update_one({"_id": template_id}, held, session=session)
    if result.matched_count == 0:
        raise missing(field, template_id)


def missing(field: str, key: str | ObjectId) -> InvalidInput:
    """The error for a key that names no template."""
    named = "such template" if isinstance(key, ObjectId) else f"template {key[:64]!r}"
    message = (
        f"there is no {named}; create it with createTemplate or use one that `templates` lists"
    )
    return InvalidInput.at(field, message, Problem.NOT_FOUND)


async def _version(head: Template, number: int) -> TemplateVersion | None:
    row_id = version_id(head.id, number)
    found = _versions.pop(row_id, None) or await TemplateVersion.get(row_id)
    if found is not None:
        _versions[row_id] = found
        if len(_versions) > KEPT_VERSIONS:
            _versions.popitem(last=False)
    return found


async def _insert(session: AsyncClientSession, caller: str, new: NewTemplate) -> Row:
    said = await _checked(new)
    if await Template.find_one({"slug": new.slug}, session=session) is not None:
        message = f"the template {new.slug!r} exists; update it or choose another slug"
        raise InvalidInput.at("slug", message, Problem.TAKEN)
    if await Template.get_pymongo_collection().estimated_document_count() >= MOST_TEMPLATES:
        message = f"there are {MOST_TEMPLATES:,} templates already; delete some"
        raise InvalidInput.at("slug", message, Problem.TOO_MANY)
    now = clock.now()
    about = {"title": new.title.strip(), "description": new.description}
    head = Template(slug=new.slug, **about, created_by=caller, created_at=now, updated_at=now)
    head.id = ObjectId()  # type: ignore[assignment] # Beanie's own id is a subclass
    row: Row = head.model_dump(by_alias=True, exclude={"revision_id"})
    await _heads().insert_one(row, session=session)
    await _keep(session, head, said, caller)
    return row


async def _replace(
    session: AsyncClientSession, head: Template, new: NewTemplate, by: str
) -> Template:
    said = await _checked(new)
    if (why := kind.unfit(said.variables)) and (
        kinds := await template_uses.kinds_of(session, head.slug)
    ):
        message = f"the kind {kinds[0]} could not fill it any more: {why}"
        raise InvalidInput.at("variables", message, Problem.CONFLICT)
    values = {"title": new.title.strip(), "description": new.description, "updated_at": clock.now()}
    changed: Template = head.model_copy(update={**values, "version": head.version + 1})
    result = await _heads().update_one(
        {"_id": head.id, "version": head.version},
        {"$set": {**values, "version": changed.version}},
        session=session,
    )
    if result.matched_count == 0:
        raise _conflict(head)
    await _keep(session, changed, said, by)
    return changed


async def _checked(new: NewTemplate) -> Said:
    checks = Checklist()
    # Hundreds of kilobytes may take a second, in which others want their answers.
    said = await asyncio.to_thread(new_template.check, checks, new)
    checks.close()
    return said


async def _keep(session: AsyncClientSession, head: Template, said: Said, by: str) -> None:
    """Store what the head's version says."""
    version = TemplateVersion(
        id=version_id(head.id, head.version),
        template_id=head.id,
        slug=head.slug,
        version=head.version,
        title=head.title,
        description=head.description,
        default_locale=said.default_locale,
        variants=said.variants,
        variables=list(said.variables),
        by=by,
        at=head.updated_at,
    )
    row = version.model_dump(by_alias=True, exclude={"revision_id"})
    await TemplateVersion.get_pymongo_collection().insert_one(row, session=session)


def _conflict(head: Template) -> InvalidInput:
    message = f"the newest version is {head.version} by now; read it and repeat the change"
    return InvalidInput.at("version", message, Problem.CONFLICT)


def _heads() -> Any:  # noqa: ANN401 - PyMongo's generic collection of plain rows
    return Template.get_pymongo_collection()
