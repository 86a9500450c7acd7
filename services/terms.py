"""Terms of a message: until when and in which hours it may leave, by its mailing or its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services import windows
from services.messages import Claimed
from services.recipients import USER_ZONE


@dataclass(frozen=True, slots=True)
class Terms:
    """What a claimed message keeps to; all times are the database's."""

    end_at: datetime
    window: dict[str, str] | None
    zone: str

    @classmethod
    def of(cls, claimed: Claimed, mailing: dict[str, Any] | None) -> "Terms":
        """Those of the mailing as it is now, or of a personal message."""
        said = claimed.row if mailing is None else mailing
        return cls(said["end_at"], said.get("window"), claimed.row.get("zone", USER_ZONE))

    def opening(self, now: datetime) -> datetime:
        """When it may leave: now, or when its window opens next."""
        return windows.due_at(self.window, self.zone, now)

    def closing(self, now: datetime) -> datetime:
        """The end, or the closing of the window if that comes first."""
        if self.window is None:
            return self.end_at
        return min(self.end_at, windows.closes_at(self.window, self.zone, now))
