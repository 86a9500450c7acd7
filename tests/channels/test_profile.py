"""Each channel has the limits of its own settings, and says what it lacks."""

import pytest

from channels.profile import Profile, profile
from core.settings import load
from rules.message import Route


@pytest.mark.parametrize("route", list(Route))
def test_each_channel_has_the_limits_of_its_settings(route: Route) -> None:
    name = "smtp" if route is Route.EMAIL else route.value
    at_once = "connections" if route is Route.EMAIL else "concurrency"
    said = {f"{name}_{at_once}": 3, f"{name}_timeout_seconds": 4.0, f"{name}_rate": 5.0}
    found = profile(load(_env_file=None, **said), route)
    assert (found.concurrency, found.timeout_seconds, found.rate) == (3, 4.0, 5.0)


def test_only_messengers_lack_anything_before_they_are_set_up() -> None:
    settings = load(_env_file=None)
    assert {route: profile(settings, route).lacking for route in Route} == {
        "sending_api": (),
        "email": (),
        "telegram": ("TELEGRAM_TOKEN",),
        "whatsapp": ("WHATSAPP_TOKEN", "WHATSAPP_PHONE_ID"),
        "viber": ("VIBER_TOKEN",),
    }


def test_what_is_set_up_lacks_nothing() -> None:
    said = {"telegram_token": "t", "whatsapp_token": "w", "viber_token": "v"}
    settings = load(_env_file=None, whatsapp_phone_id="1", **said)
    assert not any(profile(settings, route).lacking for route in Route)
    assert profile(settings, "viber") == Profile(8, 20.0, 0.0, longest_text=7_000)
