"""Redis: wake-ups only; whatever is lost here, MongoDB still knows."""

import orjson
from arq.connections import ArqRedis

TIMEOUT_SECONDS = 2.0


def connect(url: str) -> ArqRedis:
    """A client that connects at first use and speaks arq's protocol with JSON jobs."""
    client: ArqRedis = ArqRedis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_keepalive=True,
        health_check_interval=15,
    )
    client.job_serializer = dump
    client.job_deserializer = orjson.loads
    return client


def dump(job: object) -> bytes:
    """JSON of a job; what JSON can't say (an exception in a result) as its text."""
    return orjson.dumps(job, default=str)
