"""The settings of the providers that messages leave by."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class Providers(BaseSettings):
    """Where each provider is, how we sign in there, and how much it may be asked to do."""

    smtp_host: str = Field("127.0.0.1", description="SMTP server that sends the e-mail.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Its port.")
    smtp_login: str = Field("", description="Its login; empty means none is needed.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_email: str = Field("belfry@example.com", description="Sender's address.")
    smtp_name: str = Field("Belfry", description="Sender's name.")
    smtp_tls: Literal["auto", "starttls", "tls", "none"] = Field(
        "auto",
        description="`auto` takes STARTTLS where the server offers it, `starttls` insists on it, "
        "`tls` is TLS from the first byte, `none` never. A login leaves in clear only with `none`.",
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

    telegram_url: str = Field(
        "http://127.0.0.1:8001",
        description="Base address of Telegram's Bot API: https://api.telegram.org.",
    )
    telegram_token: SecretStr = Field(
        SecretStr(""), description="The bot's token; without it nothing goes by Telegram."
    )
    telegram_concurrency: int = Field(
        8, ge=1, le=1024, description="Requests to it under way at once, per lane and worker."
    )
    telegram_timeout_seconds: float = Field(20, gt=0, le=50, description="Limit for one request.")
    telegram_rate: float = Field(
        25,
        ge=0,
        le=100_000,
        description="Messages a second, all workers together; a bot may send about 30. 0: no limit.",
    )

    whatsapp_url: str = Field(
        "http://127.0.0.1:8001/v23.0",
        description="Base address of WhatsApp's Cloud API with its version: "
        "https://graph.facebook.com/v23.0.",
    )
    whatsapp_token: SecretStr = Field(
        SecretStr(""), description="Its access token; without it nothing goes by WhatsApp."
    )
    whatsapp_phone_id: str = Field(
        "", description="Id of the business's phone number there; needed as well."
    )
    whatsapp_concurrency: int = Field(
        8, ge=1, le=1024, description="Requests to it under way at once, per lane and worker."
    )
    whatsapp_timeout_seconds: float = Field(20, gt=0, le=50, description="Limit for one request.")
    whatsapp_rate: float = Field(
        80,
        ge=0,
        le=100_000,
        description="Messages a second, all workers together; a number may send 80 at first. "
        "0: no limit.",
    )

    viber_url: str = Field(
        "http://127.0.0.1:8001",
        description="Base address of Viber's bot API: https://chatapi.viber.com.",
    )
    viber_token: SecretStr = Field(
        SecretStr(""), description="The bot's token; without it nothing goes by Viber."
    )
    viber_name: str = Field(
        "Belfry", min_length=1, max_length=28, description="The sender's name that Viber shows."
    )
    viber_concurrency: int = Field(
        8, ge=1, le=1024, description="Requests to it under way at once, per lane and worker."
    )
    viber_timeout_seconds: float = Field(20, gt=0, le=50, description="Limit for one request.")
    viber_rate: float = Field(
        0, ge=0, le=100_000, description="Messages a second, all workers together; 0: no limit."
    )

    breaker_attempts: int = Field(
        20, ge=2, le=1_000, description="Last attempts at a provider by which it is judged."
    )
    breaker_share: float = Field(
        0.5, gt=0, le=1, description="Share of them that failed at which sending to it pauses."
    )
    breaker_seconds: float = Field(
        5, gt=0, le=600, description="First pause; each failed probe doubles it, up to a minute."
    )
