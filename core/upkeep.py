"""The settings of what keeps Belfry in order, and of who is told how it fares."""

from pydantic import Field
from pydantic_settings import BaseSettings


class Upkeep(BaseSettings):
    """Where the state of a worker is asked for, and where reports go."""

    health_host: str = Field("127.0.0.1", description="Address that a worker's health is on.")
    health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of each worker for orchestrators, `/health/live` and `/health/ready`; 0: none.",
    )
    report_to: str = Field(
        "", description="Comma-separated addresses that get the daily report (M20); empty: none."
    )
    report_at: str = Field(
        "06:00",
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="When it is made, by the clock of REPORT_ZONE: the report on the day before.",
    )
    report_zone: str = Field(
        "UTC", min_length=1, description="IANA name, like Europe/Moscow: whose days they are."
    )
