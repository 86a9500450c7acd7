"""The settings become channels that deliver to real servers."""

import pytest

from channels.channel import Channel, Envelope, Sent
from channels.registry import close_channels, open_channels
from core.errors import ConfigurationError
from core.settings import load
from local.outside import Outside
from local.serving import serving
from local.smtp_sink import Sink
from rules.message import Route


async def test_each_channel_delivers_as_the_settings_say() -> None:
    sink, outside = Sink(login=("belfry", "hunter-22")), Outside("a-token")
    async with sink.listening() as port, serving(outside) as address:
        settings = load(
            smtp_port=port,
            smtp_login="belfry",
            smtp_password="hunter-22",
            smtp_email="bell@example.com",
            smtp_name="Звонарь",
            smtp_tls="none",
            smtp_connections=3,
            sending_api_url=address,
            sending_api_token="a-token",
            sending_api_concurrency=5,
            telegram_url=address,
            telegram_token="any",
            telegram_concurrency=6,
            whatsapp_url=f"{address}/v23.0",
            whatsapp_token="any",
            whatsapp_phone_id="1",
            viber_url=address,
            viber_token="any",
        )
        channels = open_channels(settings)
        assert {name: channel.concurrency for name, channel in channels.items()} == {
            "sending_api": 5,
            "email": 3,
            "telegram": 6,
            "whatsapp": 8,
            "viber": 8,
        }
        assert channels.keys() == set(Route)
        assert await delivers(channels["email"], "ada@example.org")
        assert await delivers(channels["sending_api"], "79001234567")
        assert await delivers(channels["telegram"], "4711")
        assert await delivers(channels["whatsapp"], "79001234567")
        assert not await delivers(channels["viber"], "01234567890A=")
        await close_channels(channels)
    assert sink.mails[0].sender == "bell@example.com"
    assert sink.mails[0].headers["From"] == "Звонарь <bell@example.com>"
    assert outside.ledger.count == 1
    accepted = {name: one.ledger.count for name, one in outside.messengers.items()}
    assert accepted == {"telegram": 1, "whatsapp": 1, "viber": 0}


async def test_a_token_comes_from_where_the_settings_say() -> None:
    outside = Outside("a-token")
    async with serving(outside) as address:
        settings = load(
            sending_api_url=address,
            sending_api_token_url=f"{address}/oauth/token",
            sending_api_client_id="belfry",
            sending_api_client_secret="hunter-22",
        )
        channels = open_channels(settings)
        assert await delivers(channels["sending_api"], "79001234567")
        await close_channels(channels)
    assert outside.tokens.issued == 1


async def delivers(channel: Channel, address: str) -> bool:
    return isinstance(await channel.send(Envelope("a", 1, address, "Hello"), 10), Sent)


def test_the_defaults_describe_channels() -> None:
    channels = open_channels(load())
    assert all(channel.name == name for name, channel in channels.items())


@pytest.mark.parametrize(
    "bad",
    [
        {"smtp_email": "nobody"},
        {"smtp_name": "two\nlines"},
        {"sending_api_url": "127.0.0.1:8001"},
        {"sending_api_token": "two\nlines"},
        {"sending_api_token_url": "127.0.0.1/token", "sending_api_client_id": "belfry"},
    ],
)
def test_settings_that_no_message_could_be_sent_with_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(bad)).upper()):
        open_channels(load(**bad))
