"""Reads, one function per screen."""

from funding.queries.subsidies import (
    Beside,
    Subsidy,
    beside,
    counters,
    funded,
    listed,
    subsidy,
    waiting_for_referent,
)

__all__ = ["Beside", "Subsidy", "beside", "counters", "funded", "listed", "subsidy", "waiting_for_referent"]
