"""The settings of what keeps Belfry in order, and of who is told how it fares."""

from pydantic import Field
from pydantic_settings import BaseSettings


class Upkeep(BaseSettings):
    """Where the state of a worker is asked for."""

    health_host: str = Field("127.0.0.1", description="Address that a worker's health is on.")
    health_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port of each worker for orchestrators, `/health/live` and `/health/ready`; 0: none.",
    )
