"""Kinds of notification: what happens when one is created."""

from datetime import datetime

from beanie import Document


class Kind(Document):
    """A kind, by its key. Templates are Jinja2 with `key`, `data`, `userId` and `targetId`."""

    id: str  # type: ignore[assignment] # Beanie allows any type of id
    in_app: bool
    email: bool
    title: str = ""
    body: str = ""
    email_if_unread_after_seconds: int | None = None
    """Where set, the e-mail waits this long, and leaves only if the notification is unread (X10)."""
    critical: bool = False
    """It always comes: nobody can mute it."""
    template: str | None = None
    """The slug of the template that its e-mail is made from, in place of title and body."""
    built_in: bool = False
    created_at: datetime
    updated_at: datetime

    class Settings:
        name = "kinds"
