"""Every setting, read once from the environment and `.env`; nothing else reads either."""

from functools import cache
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError


class Settings(BaseSettings):
    """All settings of every process. Frozen: a change needs a restart."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

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

    smtp_host: str = Field("127.0.0.1", description="SMTP server that sends the e-mail.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_login: str = Field("", description="Its login; empty means none is needed.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_email: str = Field("belfry@example.com", description="Sender's address.")
    smtp_name: str = Field("Belfry", description="Sender's name.")
    smtp_tls: Literal["auto", "starttls", "tls", "none"] = Field(
        "auto",
        description="`auto` takes STARTTLS where the server offers it, `starttls` insists on it, "
        "`tls` is TLS from the first byte, `none` never.",
    )
    smtp_connections: int = Field(
        4, ge=1, le=64, description="Kept connections per lane and worker."
    )
    smtp_timeout_seconds: float = Field(20, gt=0, le=50, description="Limit for one e-mail.")
    smtp_rate: float = Field(
        0, ge=0, le=100_000, description="E-mails a second, all workers together; 0: no limit."
    )

    sending_api_url: str = Field(
        "http://127.0.0.1:8001", description="Base address of the external sending API (M10)."
    )
    sending_api_token: SecretStr = Field(SecretStr(""), description="Its Bearer JWT.")
    sending_api_concurrency: int = Field(
        64, ge=1, le=1024, description="Requests to it under way at once, per lane and worker."
    )
    sending_api_timeout_seconds: float = Field(
        20, gt=0, le=50, description="Limit for one request; must fit in the lease."
    )
    sending_api_rate: float = Field(
        0, ge=0, le=100_000, description="Requests a second, all workers together; 0: no limit."
    )
    sending_api_token_url: str = Field(
        "",
        description="Where a fresh token comes from after a 401 (RFC 6749, 4.4); empty: nowhere.",
    )
    sending_api_client_id: str = Field("", description="Who asks there.")
    sending_api_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")

    breaker_attempts: int = Field(
        20, ge=2, le=1_000, description="Last attempts at a provider by which it is judged."
    )
    breaker_share: float = Field(
        0.5, gt=0, le=1, description="Share of them that failed at which sending to it pauses."
    )
    breaker_seconds: float = Field(
        5, gt=0, le=600, description="First pause; each failed probe doubles it, up to a minute."
    )

    notification_limit: int = Field(
        100, ge=1, le=500, description="Notifications kept per user; the oldest falls out (N3)."
    )
    jwt_secret: SecretStr = Field(
        SecretStr(""), description="HS256 secret of at least 32 bytes for Bearer tokens."
    )
    allowed_origins: str = Field(
        "",
        description="Comma-separated origins of front ends elsewhere, like https://app.example.com; "
        "they may call the API and open sockets.",
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
    metrics_host: str = Field("127.0.0.1", description="Address that a worker's metrics are on.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of each worker for Prometheus, `/metrics`; 0: none."
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
