"""The administration of the room, a file a noun."""

from funding.admin import agreements, envelopes, expenses, payments, schedule

__all__ = ["agreements", "envelopes", "expenses", "payments", "schedule"]
