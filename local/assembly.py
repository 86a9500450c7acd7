"""Which parts `belfry up` runs, and with which settings."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from core.settings import Settings
from local import mongod, redis
from local.folder import Folder, Keys
from local.part import Part
from local.ports import LOOPBACK, Ports
from local.processes import Api, Service

DATABASE = "belfry"
DRAIN_SECONDS = 5
EMULATED = "emulated"
"""A token that the emulated messengers take, as they take any."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts around one folder; a store that is given by its address is not ours to run."""

    folder: Folder
    ports: Ports
    keys: Keys
    db_uri: str | None
    redis_url: str | None
    public_url: str
    metrics_port: int

    @classmethod
    def of(cls, folder: Folder, ports: Ports, settings: Settings) -> "Assembly":
        """What these settings ask for; raises ConfigurationError naming a port that is taken."""
        given = settings.model_fields_set
        db_uri = settings.db_uri if "db_uri" in given else None
        redis_url = settings.redis_url if "redis_url" in given else None
        unused = {ports.mongodb} if db_uri else set()
        unused |= {ports.redis} if redis_url else set()
        ports.check(unused)
        public_url = settings.public_url or f"http://{LOOPBACK}:{ports.api}"
        metrics_port = settings.metrics_port
        return cls(folder, ports, folder.keys(), db_uri, redis_url, public_url, metrics_port)

    def parts(self) -> list[Part]:
        """The parts in the order of their start; raises ConfigurationError without a binary."""
        return [*self._stores(), *self._services()]

    def _stores(self) -> Iterator[Part]:
        path, log = self.folder.path, self.folder.log
        if self.db_uri is None:
            database = mongod.Mongod(path / "mongodb", self.ports.mongodb, log=log("mongodb"))
            yield Part(database, vital=True)
        if self.redis_url is None:
            yield Part(redis.Redis(path / "redis", self.ports.redis, log("redis")), vital=True)

    def _services(self) -> Iterator[Part]:
        log, ports = self.folder.log, self.ports
        env = {**os.environ, **self._settings()}
        outside = ["outside", "--host", LOOPBACK, "--port", str(ports.outside)]
        outside += ["--smtp-port", str(ports.smtp), "--mail-port", str(ports.mail)]
        outside += ["--ledger", str(self.folder.path / "outside.ndjson")]
        yield Part(Service("outside", outside, log("outside"), env, ports.outside))
        yield Part(Api(log("api"), {**env, **self._metrics_of_the_api()}, ports.api))
        yield Part(Service("worker", ["work"], log("worker"), env))

    def _settings(self) -> dict[str, str]:
        ports = self.ports
        return {
            "HOST": LOOPBACK,
            "PORT": str(ports.api),
            "PUBLIC_URL": self.public_url,
            "DB_URI": self.db_uri or mongod.address(ports.mongodb, DATABASE),
            "REDIS_URL": self.redis_url or redis.address(ports.redis),
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(ports.smtp),
            "SMTP_LOGIN": "",
            "SMTP_PASSWORD": "",
            "SMTP_TLS": "none",
            "SENDING_API_URL": f"http://{LOOPBACK}:{ports.outside}",
            "SENDING_API_TOKEN": self.keys.sending_api_token,
            **self._messengers(),
            "JWT_SECRET": self.keys.jwt_secret,
            "DRAIN_SECONDS": str(DRAIN_SECONDS),
            "LOG_FORMAT": "json",
        }

    def _metrics_of_the_api(self) -> dict[str, str]:
        """A port beside the worker's, which is on the same host here."""
        return {"METRICS_PORT": str(self.metrics_port + 1)} if self.metrics_port else {}

    def _messengers(self) -> dict[str, str]:
        """The emulated ones, which take any token."""
        outside = f"http://{LOOPBACK}:{self.ports.outside}"
        return {
            "TELEGRAM_URL": outside,
            "TELEGRAM_TOKEN": EMULATED,
            "WHATSAPP_URL": f"{outside}/v23.0",
            "WHATSAPP_TOKEN": EMULATED,
            "WHATSAPP_PHONE_ID": "1",
            "VIBER_URL": outside,
            "VIBER_TOKEN": EMULATED,
        }
