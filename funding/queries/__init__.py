"""Reads, one function per screen."""

from funding.queries.subsidies import (
    Beside,
    Subsidy,
    SubsidyPages,
    beside,
    counters,
    funded,
    subsidy,
    waiting_for_referent,
)

__all__ = ["Beside", "Subsidy", "SubsidyPages", "beside", "counters", "funded", "subsidy", "waiting_for_referent"]
