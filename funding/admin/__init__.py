"""The administration of the room, a file a noun."""

from funding.admin import agreements, discrepancies, envelopes, expenses, payments, schedule

__all__ = ["agreements", "discrepancies", "envelopes", "expenses", "payments", "schedule"]
