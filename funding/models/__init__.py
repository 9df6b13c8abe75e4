from funding.models.agreements import Agreement, AgreementTemplate
from funding.models.envelopes import DEFAULT_AGREEMENT_FROM, Envelope
from funding.models.grants import Grant
from funding.models.payments import Payment
from funding.schedule.models import Bracket, ObjectiveShare, Schedule, UnitAmount

__all__ = [
    "DEFAULT_AGREEMENT_FROM",
    "Agreement",
    "AgreementTemplate",
    "Bracket",
    "Envelope",
    "Grant",
    "ObjectiveShare",
    "Payment",
    "Schedule",
    "UnitAmount",
]
