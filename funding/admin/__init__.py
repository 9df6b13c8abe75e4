"""The administration of the room, a file a noun."""

from funding.admin import agreements, envelopes, payments, schedule

__all__ = ["agreements", "envelopes", "payments", "schedule"]
