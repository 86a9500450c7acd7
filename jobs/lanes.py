"""Lanes: kinds of work with queues and pumps of their own, so that bulk delays nothing (T7)."""

from services.messages import BULK, PERSONAL

LANES = (PERSONAL, BULK)
JOBS_AT_ONCE = 16
"""Jobs of one lane that a worker runs side by side: its pumps, launches and a sweep."""
