"""All channels of a process, by name."""

import asyncio
from collections.abc import Mapping

from channels.channel import Channel
from channels.email import Email
from channels.mime import Sender
from channels.profile import profile
from channels.sending_api import SendingApi
from channels.telegram import Telegram
from channels.token_source import TokenSource
from channels.viber import Viber
from channels.whatsapp import WhatsApp
from core.errors import ConfigurationError, Invalid
from core.settings import Settings


def open_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that the settings describe; they connect when they first send.

    Raises ConfigurationError for settings that no message could be sent with.
    """
    channels: tuple[Channel, ...] = (
        _sending_api(settings),
        _email(settings),
        Telegram(settings),
        WhatsApp(settings),
        Viber(settings),
    )
    return {channel.name: channel for channel in channels}


async def close_channels(channels: Mapping[str, Channel]) -> None:
    """Give up all kept connections."""
    await asyncio.gather(*(channel.close() for channel in channels.values()))


def _sending_api(settings: Settings) -> SendingApi:
    return SendingApi(
        settings.sending_api_url,
        TokenSource(
            settings.sending_api_token.get_secret_value(),
            settings.sending_api_token_url,
            settings.sending_api_client_id,
            settings.sending_api_client_secret.get_secret_value(),
        ),
        profile(settings, SendingApi.name).concurrency,
    )


def _email(settings: Settings) -> Email:
    try:
        return Email(
            settings.smtp_host,
            settings.smtp_port,
            Sender(settings.smtp_name, settings.smtp_email),
            login=settings.smtp_login,
            password=settings.smtp_password.get_secret_value(),
            tls=settings.smtp_tls,
            connections=profile(settings, Email.name).concurrency,
        )
    except Invalid as error:
        raise ConfigurationError(f"SMTP_NAME, SMTP_EMAIL: {error}") from None
