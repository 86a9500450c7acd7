"""The launch check: what a mailing would do, before anything is written (X5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.parts import Parts
from core.settings import Settings
from models.client import Client
from models.mailing import LocalWindow, Mailing
from rules import audience, forecast
from rules import window as rules
from rules.audience import Known
from rules.breaker import State
from rules.forecast import Forecast, Opening
from rules.message import Route
from services import audiences, naming, new_mailing, progress, rates, windows, wording
from services.audiences import Spread, Zone
from services.new_mailing import NewMailing
from services.recipients import ADDRESS_FIELD

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One message as it would go out; `subject` and HTML only where the channel has it."""

    client: Client
    channel: str
    address: str
    subject: str | None
    text: str
    html: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mailing would do. `expected_finish` is None unless all messages would be sent."""

    audience: Spread
    messages: int
    samples: tuple[Sample, ...]
    expected_finish: datetime | None
    unsent: int
    warnings: tuple[str, ...]


async def preview(parts: Parts, caller: str, new: NewMailing) -> Preview:
    """Look ahead; raises InvalidInput as the creation would, and Unavailable on a slow count."""
    mailing = new_mailing.check(parts.settings, await new_mailing.filled(new), caller)
    whom = naming.filter_of(mailing.audience)
    known = await naming.known(whom)
    found = await audiences.spread(whom, known)
    start = max(mailing.start_at, parts.database_clock.now())
    paces = {channel: await rates.per_second(parts, channel) for channel in mailing.channels}
    forecasts = [_forecast(mailing, found, start, *pace) for pace in paces.items()]
    finishes = [one.finish_at for one in forecasts]
    messages = sum(found.reachable(channel) for channel in mailing.channels)
    unsent = sum(one.unsent for one in forecasts)
    warnings = _about_audience(mailing, found) + _about_time(mailing, found, start)
    warnings += await _about_providers(mailing)
    warnings += _about_opting_out(parts.settings, mailing)
    if unsent:
        warnings.append(f"{unsent} messages would be left at the end, at the pace of late")
    return Preview(
        audience=found,
        messages=messages,
        samples=await _samples(mailing, known, start),
        expected_finish=max(filter(None, finishes)) if messages and not unsent else None,
        unsent=unsent,
        warnings=tuple(warnings),
    )


def _forecast(
    mailing: Mailing, found: Spread, start: datetime, channel: str, per_second: float
) -> Forecast:
    openings = [_opening(mailing.window, zone, channel, start) for zone in found.places]
    return forecast.finish(openings, start, mailing.end_at, per_second)


def _opening(window: LocalWindow | None, zone: Zone, channel: str, start: datetime) -> Opening:
    count = zone.reachable[channel]
    if window is None:
        return start, None, count
    closes_at = windows.closes_at(window.model_dump(), zone.name, start)
    assert closes_at is not None
    # One that is open already is known by its end, lest it seem shorter on the days to come.
    length: timedelta = rules.window(window.opens, window.closes).length
    return min(_due_at(window, zone.name, start), closes_at - length), closes_at, count


def _due_at(window: LocalWindow | None, zone: str, start: datetime) -> datetime:
    return windows.due_at(window.model_dump() if window else None, zone, start)


async def _samples(mailing: Mailing, known: Known, start: datetime) -> tuple[Sample, ...]:
    query = audience.query(naming.filter_of(mailing.audience), known)
    clients = await audiences.first_clients(query, mailing.channels, SAMPLES)
    samples = [
        _sample(mailing, client, channel, address, start)
        for client in clients
        for channel in mailing.channels
        if (address := getattr(client, ADDRESS_FIELD[channel]))
    ]
    return tuple(samples[:SAMPLES])


def _sample(
    mailing: Mailing, client: Client, channel: str, address: str, start: datetime
) -> Sample:
    said, is_email = wording.said_by(mailing, client.locale), channel == Route.EMAIL
    return Sample(
        client=client,
        channel=channel,
        address=address,
        subject=(said.subject or mailing.name) if is_email else None,
        text=said.text,
        html=said.html if is_email else "",
        due_at=_due_at(mailing.window, client.time_zone, start),
    )


def _about_audience(mailing: Mailing, found: Spread) -> list[str]:
    if not found.total and not found.users:
        return ["nobody is in the audience"]
    without = {channel: found.total - found.clients(channel) for channel in mailing.channels}
    warnings = [
        f"{count} of {found.total} clients have no {ADDRESS_FIELD[channel]} for {channel}"
        for channel, count in without.items()
        if count
    ]
    if found.users and Route.EMAIL not in mailing.channels:
        warnings.append(f"{found.users} users are reached by e-mail only")
    return warnings


def _about_time(mailing: Mailing, found: Spread, start: datetime) -> list[str]:
    if mailing.end_at <= start:
        return ["the end is past"]
    never = sum(
        zone.clients
        for zone in found.places
        if _due_at(mailing.window, zone.name, start) >= mailing.end_at
    )
    return [f"the window does not open before the end for {never} clients"] if never else []


def _about_opting_out(settings: Settings, mailing: Mailing) -> list[str]:
    if Route.EMAIL not in mailing.channels:
        return []
    if mailing.topic and not settings.public_url:
        return ["the e-mails have no link to unsubscribe: PUBLIC_URL is not set"]
    if settings.public_url and not mailing.topic:
        return ["the e-mails have no link to unsubscribe: the mailing has no topic"]
    return []


async def _about_providers(mailing: Mailing) -> list[str]:
    return [
        f"nothing leaves by {provider.channel} just now: its provider is in trouble"
        for provider in await progress.providers(mailing.channels)
        if provider.state is not State.CLOSED
    ]
