from funding.models.agreements import Agreement, AgreementTemplate
from funding.models.controls import Control, Interview
from funding.models.days import EARLIEST, LATEST, TOO_LATE, TOO_OLD
from funding.models.discrepancies import Discrepancy
from funding.models.envelopes import DEFAULT_AGREEMENT_FROM, Consumption, Envelope
from funding.models.expenses import Expense, ExpenseClosure, ExpenseImport
from funding.models.grants import Grant
from funding.models.objectives import ObjectiveDecision
from funding.models.payments import Payment
from funding.models.steps import SubsidyStep
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, UnitAmount

__all__ = [
    "DEFAULT_AGREEMENT_FROM",
    "EARLIEST",
    "LATEST",
    "TOO_LATE",
    "TOO_OLD",
    "Agreement",
    "AgreementTemplate",
    "Bracket",
    "Consumption",
    "Control",
    "Discrepancy",
    "Envelope",
    "Expense",
    "ExpenseClosure",
    "ExpenseImport",
    "Grant",
    "Interview",
    "ObjectiveDecision",
    "ObjectiveShare",
    "Payment",
    "Schedule",
    "SubsidyStep",
    "UnitAmount",
]
