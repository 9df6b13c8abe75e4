from funding.schedule.models import Bracket, ObjectiveShare, Schedule, UnitAmount

__all__ = ["Bracket", "ObjectiveShare", "Schedule", "UnitAmount"]
