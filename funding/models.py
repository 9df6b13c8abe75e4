from funding.schedule.models import Bracket, Schedule, UnitAmount

__all__ = ["Bracket", "Schedule", "UnitAmount"]
