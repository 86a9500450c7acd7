"""The folder of `belfry up`: its lock, its keys, its logs, and what was done in it once."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from core.errors import ConfigurationError
from local.children import make_private

DEFAULT = Path(".belfry")
_KEYS = "keys.json"
STAFF = "0be1f7000000000000000002"
"""Subject of the tokens of every role but the subscriber, who is the demo's user."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets made once per folder, so that tokens outlive a restart."""

    jwt_secret: str
    sending_api_token: str


class Folder:
    """Everything that `belfry up` keeps; a new one is closed to others."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have it to ourselves; raises ConfigurationError while another `belfry up` has it."""
        self._make()
        with _private_file(self.path / "lock") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(
                    f"another `belfry up` (process {lock.read().strip()}) uses {self.path}: "
                    "stop it, or choose another folder by --data"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def log(self, name: str) -> Path:
        """The log file of a part."""
        return self.logs / f"{name}.log"

    def keys(self) -> Keys:
        """The keys, made at the first call."""
        keys = read_keys(self.path)
        if keys is None:
            keys = Keys(secrets.token_urlsafe(48), secrets.token_urlsafe(32))
            new = self.path / f"{_KEYS}.new"
            with _private_file(new) as file:
                file.truncate(0)
                json.dump(asdict(keys), file)
            new.replace(self.path / _KEYS)
        return keys

    def is_done(self, what: str) -> bool:
        """Whether `mark_done` was called for this."""
        return (self.path / f"{what}.done").exists()

    def mark_done(self, what: str) -> None:
        """Remember that this was done, also after a restart."""
        (self.path / f"{what}.done").touch(mode=0o600)

    def _make(self) -> None:
        try:
            make_private(self.path)
            (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise ConfigurationError(f"can't keep data in {self.path}: {error.strerror}") from None


def read_keys(path: Path) -> Keys | None:
    """The keys kept in a folder of `belfry up`; None if there are none."""
    try:
        return Keys(**json.loads((path / _KEYS).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"{path / _KEYS} is damaged; delete it, and `belfry up` makes new keys"
        ) from None


def _private_file(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
