"""An embedded MongoDB: a real mongod as a replica set of one, so that transactions work."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from core.errors import ConfigurationError
from local import ports
from local.children import Child, make_private
from local.place import HERE, Place

REPLICA_SET = "belfry"
_OPLOG_MEGABYTES = 128
_TRANSACTION_SECONDS = 15
_NOT_YET_INITIATED = 94
_ANSWER_MILLISECONDS = 2_000

_Row = dict[str, Any]
_Client = MongoClient[_Row]


class Mongod(Child):
    """A mongod over the data of one folder; it may come back on another port."""

    def __init__(
        self,
        folder: Path,
        port: int,
        cache_gigabytes: float = 0.5,
        log: Path | None = None,
        place: Place = HERE,
    ) -> None:
        self.port = port
        self.address = place.address
        self.folder = folder / "db"
        options: dict[str, object] = {
            "--dbpath": self.folder,
            "--port": port,
            "--bind_ip": place.address,
            "--replSet": REPLICA_SET,
            "--oplogSize": _OPLOG_MEGABYTES,
            "--wiredTigerCacheSizeGB": cache_gigabytes,
            "--setParameter": "diagnosticDataCollectionEnabled=false",
        }
        pairs = [str(word) for pair in options.items() for word in pair]
        # A killed process must not hold its rows for MongoDB's usual minute.
        pairs += ["--setParameter", f"transactionLifetimeLimitSeconds={_TRANSACTION_SECONDS}"]
        command: list[str | Path] = [
            *place.way,
            binary(),
            *pairs,
            "--noauth",
            "--nounixsocket",
            "--quiet",
        ]
        super().__init__("MongoDB", command, log or folder / "mongod.log")

    def uri(self, database: str) -> str:
        """Address of a database; a client waits for the primary, also while it starts."""
        return address(self.port, database, self.address)

    def launch(self) -> None:
        """Start it from the main thread and return at once."""
        make_private(self.folder)
        super().launch()

    def wait_ready(self, limit_seconds: float = 60) -> None:
        """Wait until it is the primary of its set, forming that first; raises Unavailable."""
        # The driver looks for a server that was away only every 0.5 s; a bare connect is sooner.
        self.wait_for(lambda: ports.is_open(self.port, self.address), limit_seconds)
        client: _Client = MongoClient(
            self.address,
            self.port,
            directConnection=True,
            serverSelectionTimeoutMS=_ANSWER_MILLISECONDS,
        )
        with client:
            self.wait_for(lambda: self._is_primary(client), limit_seconds)

    def _is_primary(self, client: _Client) -> bool:
        try:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            self._form_set(client)
        except PyMongoError:
            # It is starting, or between two states; the caller asks again within its limit.
            pass
        return False

    def _form_set(self, client: _Client) -> None:
        here = f"{self.address}:{self.port}"
        config = _set_config(client)
        if config is None:
            members = [{"_id": 0, "host": here}]
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        elif config["members"][0]["host"] != here:
            config["members"][0]["host"] = here
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)


def address(port: int, database: str, host: str = ports.LOOPBACK) -> str:
    """URI of a database of the embedded MongoDB on a port."""
    return f"mongodb://{host}:{port}/{database}?replicaSet={REPLICA_SET}"


def binary() -> Path:
    """The mongod on PATH, else the wheel's; raises ConfigurationError if there is neither."""
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    spec = importlib.util.find_spec("fiftyone")
    for package in (spec and spec.submodule_search_locations) or ():
        bundled = Path(package, "db", "bin", "mongod")
        if os.access(bundled, os.X_OK):
            return bundled
    raise ConfigurationError(
        "no MongoDB here: set DB_URI to a replica set, or install mongod, "
        "or install `belfry[local]`, which brings one along"
    )


def _set_config(client: _Client) -> _Row | None:
    try:
        config: _Row = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == _NOT_YET_INITIATED:
            return None
        raise
    return config
