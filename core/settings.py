"""Every setting, read once from the environment and `.env`; nothing else reads either."""

from functools import cache
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError
from core.providers import Providers
from core.sign_in import SignIn
from core.upkeep import Upkeep


class _Basics(BaseSettings):
    """Where a process listens and keeps what it knows: first in every list."""

    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that the API listens on.")
    email: str = Field(
        "user@example.com",
        description="Address given to a user that a notification creates (N6).",
    )
    db_uri: str = Field(
        "mongodb://127.0.0.1:27017/belfry?replicaSet=belfry",
        repr=False,  # like the next, it may hold a password
        description="MongoDB replica set; the path names the database.",
    )
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0", repr=False, description="Redis, for wake-ups only."
    )


class Settings(Upkeep, SignIn, Providers, _Basics):
    """All settings of every process. Frozen: a change needs a restart."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    notification_limit: int = Field(
        100, ge=1, le=500, description="Notifications kept per user; the oldest falls out (N3)."
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="HS256 secret of at least 32 bytes for Bearer tokens."
    )
    jwks_url: str = Field(
        "",
        repr=False,
        description="JSON Web Key Set of an identity provider, https only; "
        "its tokens are taken beside those by JWT_SECRET, or alone.",
    )
    jwks_refresh_seconds: float = Field(
        300, ge=10, le=3_600, description="How often its keys are read again."
    )
    jwks_keep_seconds: float = Field(
        3_600, ge=60, le=86_400, description="How long they hold while it does not answer."
    )
    jwt_audience: str = Field(
        "", description="What `aud` of a token must name; empty: a token with `aud` is refused."
    )
    jwt_issuer: str = Field("", description="What `iss` of a token must be; empty: anything.")
    jwt_role_claim: str = Field(
        "role",
        min_length=1,
        description="Claim with the role or a list of them; may be a path like `realm_access.roles`.",
    )
    public_url: str = Field(
        "",
        description="Where recipients reach this API, like https://belfry.example.com: the base of the "
        "links in e-mails; empty: mails have no links to unsubscribe.",
    )
    link_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of at least 32 bytes that seals those links, the same for the API and the "
        "workers; of several, comma-separated, the first seals and all open. Empty: by JWT_SECRET.",
    )
    audit_days: int = Field(
        365, ge=1, le=3_650, description="How long the record of what operators did is kept."
    )
    message_days: int = Field(
        365,
        ge=0,
        le=36_500,
        description="How long messages are kept after they, or their mailing, have ended; 0: for ever.",
    )
    attempt_days: int = Field(
        90, ge=0, le=36_500, description="How long attempts are kept; 0: for ever."
    )
    allowed_origins: str = Field(
        "",
        description="Comma-separated origins of front ends elsewhere, like https://app.example.com; "
        "they may call the API and open sockets.",
    )
    max_depth: int = Field(
        16, ge=4, le=100, description="Levels of fields that an operation may nest."
    )
    max_aliases: int = Field(
        30,
        ge=0,
        le=1_000,
        description="Aliases in an operation, counted wherever a fragment is used.",
    )
    max_directives: int = Field(
        50, ge=0, le=1_000, description="Directives in an operation, counted likewise."
    )
    max_cost: int = Field(
        25_000,
        ge=1,
        description="Values that an operation's answer may have, and items of its input; see docs/limits.md.",
    )
    operation_seconds: float = Field(
        30, gt=0, le=600, description="Time for one query or mutation."
    )
    introspection: Literal["on", "staff", "off"] = Field(
        "on",
        description="Who may ask for the schema and gets suggestions in errors: everyone, "
        "operators and admins, or nobody.",
    )
    trusted_documents: str = Field(
        "", description="File of documents that clients may name by their hash; empty: none."
    )
    trusted_documents_only: bool = Field(
        default=False, description="Whether documents that are not in that file are refused."
    )
    rate_limit_per_minute: int = Field(
        60_000,
        ge=0,
        le=10_000_000,
        description="Operations a minute of each sender, operator or admin, all processes together; "
        "0: no limit.",
    )
    rate_limit_subscriber_per_minute: int = Field(
        1_200, ge=0, le=10_000_000, description="The same of each subscriber; 0: no limit."
    )
    rate_limit_anonymous_per_minute: int = Field(
        600,
        ge=0,
        le=10_000_000,
        description="The same of each address from which operations come without a token; 0: no limit.",
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1",
        description="Comma-separated addresses or networks of proxies whose X-Forwarded-For is believed; "
        "`*`: any.",
    )
    import_bytes: int = Field(
        1_073_741_824, ge=65_536, description="Largest table that is imported, also when unpacked."
    )
    sockets: int = Field(20_000, ge=1, description="WebSockets open at once, per API process.")
    sockets_per_user: int = Field(
        100, ge=1, description="Of them, how many may be of one user or API key."
    )
    sockets_unauthenticated: int = Field(
        1_000, ge=1, description="Of them, how many may have shown no token (yet)."
    )
    socket_operations: int = Field(
        100, ge=1, le=10_000, description="Operations under way at once on one socket."
    )
    socket_frame_bytes: int = Field(
        1_048_576, ge=65_536, le=67_108_864, description="Largest message that a socket takes."
    )
    socket_messages_per_second: float = Field(
        100, ge=1, le=100_000, description="Messages taken from one socket; 5 s' worth at once."
    )
    socket_send_seconds: float = Field(
        10, ge=1, le=600, description="How long a client may leave unread what was sent to it."
    )
    socket_ping_seconds: float = Field(
        20,
        ge=1,
        le=600,
        description="Silence after which a client is asked whether it is there; after twice that it "
        "is cut off.",
    )
    lease_seconds: float = Field(
        60, ge=2, le=600, description="How long a claimed message belongs to its worker."
    )
    worker_slots: int = Field(1, ge=1, le=16, description="Pumps per lane and worker.")
    drain_seconds: float = Field(
        20, ge=0, le=300, description="Time that a stopping process has to finish its work."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto`: readable on a terminal, JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least.")
    log_addresses: Literal["masked", "full"] = Field(
        "masked",
        description="`masked`: the log shows of people's addresses only the ends, and not what they are "
        "told; `full`: both.",
    )
    tracing_url: str = Field(
        "",
        repr=False,  # it may hold a password
        description="Collector of traces by OTLP over HTTP, like http://127.0.0.1:4318; empty: none. "
        "Needs the extra `tracing`; OTEL_* variables say the rest.",
    )
    metrics_host: str = Field("127.0.0.1", description="Address that metrics are on.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of each process for Prometheus, `/metrics`; 0: none."
    )
    belfry_testing: bool = Field(
        default=False,
        description="For Belfry's own tests: allows BELFRY_FAIL_AT. Never set it elsewhere.",
    )
    belfry_fail_at: str = Field(
        "", description="For Belfry's own tests: where to die, `place` or `place:count`."
    )


def load(**overrides: object) -> Settings:
    """Settings from the environment and `.env`; raises ConfigurationError naming each bad one."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type] # pydantic checks the values
    except ValidationError as error:
        raise ConfigurationError(_explain(error)) from None


@cache
def current() -> Settings:
    """The settings of this process, read at first use."""
    return load()


def _explain(error: ValidationError) -> str:
    # The bad value itself stays out: it may be a secret.
    lines = [f"{'.'.join(map(str, at['loc'])).upper()}: {at['msg']}" for at in error.errors()]
    return "bad settings: " + "; ".join(lines)
