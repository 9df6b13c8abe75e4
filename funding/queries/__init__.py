"""Reads, one function per screen."""

from funding.queries.subsidies import Beside, Subsidy, SubsidyPages, beside, counters, funded, subsidy

__all__ = ["Beside", "Subsidy", "SubsidyPages", "beside", "counters", "funded", "subsidy"]
