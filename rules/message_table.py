"""Messages, their attempts and the history as tables for a warehouse elsewhere (T6)."""

from rules.table import Column

MESSAGES = (
    Column("id", "_id"),
    Column("outsideId", "number"),
    Column("mailingId", "mailing_id"),
    Column("clientId", "client_id"),
    Column("userId", "user_id"),
    Column("channel", "channel"),
    Column("address", "address"),
    Column("status", "status"),
    Column("why", "why"),
    Column("topic", "topic"),
    Column("template", "template"),
    Column("templateVersion", "template_version"),
    Column("provider", "provider"),
    Column("attemptCount", "attempts"),
    Column("createdAt", "created_at"),
    Column("dueAt", "due_at"),
    Column("sentAt", "sent_at"),
    Column("endedAt", "closed_at"),
)
ATTEMPTS = (
    Column("id", "_id"),
    Column("messageId", "message_id"),
    Column("mailingId", "mailing_id"),
    Column("mailingVersion", "mailing_version"),
    Column("channel", "channel"),
    Column("provider", "provider"),
    Column("address", "address"),
    Column("startedAt", "started_at"),
    Column("durationMs", "duration_ms"),
    Column("verdict", "verdict"),
    Column("code", "code"),
    Column("answer", "answer"),
    Column("worker", "worker"),
)
HISTORY = (
    Column("day", "day"),
    Column("channel", "channel"),
    Column("template", "template"),
    Column("topic", "topic"),
    Column("status", "status"),
    Column("provider", "provider"),
    Column("messages", "messages"),
    Column("attempts", "attempts"),
    Column("averageDelayMs", "average_ms"),
    Column("medianDelayMs", "median_ms"),
    Column("p95DelayMs", "p95_ms"),
    Column("longestDelayMs", "longest_ms"),
)
