"""What the settings say of each channel: the one place where they are looked up by its name."""

from dataclasses import dataclass

from core.settings import Settings

_NEEDED = {
    "telegram": ("telegram_token",),
    "whatsapp": ("whatsapp_token", "whatsapp_phone_id"),
    "viber": ("viber_token",),
}
"""Settings that have no default that a message could leave with."""

_LONGEST_TEXTS = {"telegram": 4_096, "whatsapp": 4_096, "viber": 7_000}
"""Characters that a message may have, by the vendors' pages that the channels name."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How much a provider may be asked to do, and whether it can be asked at all."""

    concurrency: int
    """Sends under way at once, per lane and worker."""
    timeout_seconds: float
    """The longest that one send may take."""
    rate: float
    """Messages a second, all workers together; 0 for no limit."""
    longest_text: int | None = None
    """Characters that its messages may have, where the provider says so."""
    lacking: tuple[str, ...] = ()
    """Settings without which nothing can leave by it."""


def profile(settings: Settings, channel: str) -> Profile:
    """What is set for the channel of this name."""
    if channel == "email":
        return Profile(settings.smtp_connections, settings.smtp_timeout_seconds, settings.smtp_rate)
    # What is set for a channel over HTTP begins with its name.
    return Profile(
        concurrency=getattr(settings, f"{channel}_concurrency"),
        timeout_seconds=getattr(settings, f"{channel}_timeout_seconds"),
        rate=getattr(settings, f"{channel}_rate"),
        longest_text=_LONGEST_TEXTS.get(channel),
        lacking=tuple(name.upper() for name in _NEEDED.get(channel, ()) if _lacks(settings, name)),
    )


def _lacks(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return not (value if isinstance(value, str) else value.get_secret_value())
