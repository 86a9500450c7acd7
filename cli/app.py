"""All commands that talk to a server, for `belfry.py` to take in."""

import typer

from cli import (
    clients,
    contacts,
    exports,
    groups,
    health,
    imports,
    logs,
    mailings,
    new_mailing,
    notifications,
    persons,
    preferences,
    queues,
    report,
    send,
    stats,
    suppressions,
    templates,
    users,
    warehouse,
    watch,
)

GROUPS = {
    "clients": clients.app,
    "contacts": contacts.app,
    "export": exports.app,
    "groups": groups.app,
    "mailings": mailings.app,
    "preferences": preferences.app,
    "sends": send.app,
    "suppressions": suppressions.app,
    "templates": templates.app,
    "users": users.app,
    "watch": watch.app,
}
new_mailing.join(mailings.app)
warehouse.join(exports.app)
persons.join()


def join(belfry: typer.Typer) -> None:
    """Add them to the command line."""
    for room in (health, imports, logs, notifications, queues, report, send, stats):
        room.join(belfry)
    for name, app in GROUPS.items():
        belfry.add_typer(app, name=name)
