"""The administration of the room, a file a noun."""

from funding.admin import agreements, envelopes, schedule

__all__ = ["agreements", "envelopes", "schedule"]
