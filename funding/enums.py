"""Choices of the room. A leaf: imports Django only."""

from django.db import models


class AgreementState(models.TextChoices):
    """Where a convention stands (F4)."""

    SENT = "sent", "À signer"
    SIGNED = "signed", "Signée, à contrôler"
    ACCEPTED = "accepted", "Contrôlée"
    REFUSED = "refused", "À signer de nouveau"
    REPLACED = "replaced", "Remplacée"


class ObjectiveState(models.TextChoices):
    """What was decided of an objective (F5)."""

    ACCEPTED = "accepted", "Accepté"
    REFUSED = "refused", "Refusé"


class GrantStep(models.TextChoices):
    """Where the subsidy of a validated dossier stands: the tabs of the list."""

    TO_GRANT = "a-accorder", "À accorder"
    TO_SEND = "a-envoyer", "Convention à envoyer"
    TO_SIGN = "a-signer", "Convention à signer"
    TO_CHECK = "a-controler", "Convention à contrôler"
    SETTLED = "accordees", "Accordées"


class PaymentKind(models.TextChoices):
    """Which way the money goes (F7)."""

    PAYMENT = "payment", "Versement"
    REPAYMENT = "repayment", "Reversement"


class PaymentState(models.TextChoices):
    """Where a payment stands (F7)."""

    PLANNED = "planned", "Prévu"
    ORDERED = "ordered", "Ordonnancé"
    PAID = "paid", "Versé"
    CANCELLED = "cancelled", "Annulé"


class ExpenseNature(models.TextChoices):
    """What an expense paid for: means « humains, techniques ou organisationnels » (F6, Q&A 3.2)."""

    STAFF = "ressources-humaines", "Ressources humaines"
    SERVICE = "prestation", "Prestation"
    EQUIPMENT = "materiel", "Matériel"
    SOFTWARE = "logiciel", "Logiciel ou abonnement"
    TRAINING = "formation", "Formation"
    OTHER = "autre", "Autre"


class RetexContent(models.TextChoices):
    """What a file of expenses says of its laureates (docs/adr/0059): named so in its form, its address and its name."""

    ANONYMISED = "anonymise", "Anonymisé\u00a0: ni nom, ni FINESS, ni référence, ni texte libre"
    NOMINATIVE = "nominatif", "Nominatif\u00a0: avec le dossier, l'établissement et les textes saisis"


class ControlState(models.TextChoices):
    """Where a control stands (Q&A 4.2)."""

    OPEN = "open", "Pièces demandées"
    ANSWERED = "answered", "Pièces déposées"
    CONFIRMED = "confirmed", "Montant confirmé"
    LOWERED = "lowered", "Montant diminué"


class DiscrepancyKind(models.TextChoices):
    """Which sum does not agree with what it is made of."""

    ESTIMATE = "estimate", "Estimation retenue"
    CEILING = "ceiling", "Montant après contrôle"
    PAYABLE = "payable", "Montant payable"
    PLANNED = "planned", "Échéancier au-delà de la subvention"
    ORDERED = "ordered", "Ordonnancé au-delà de l'accordé"
    GIVEN_BACK = "given_back", "Reversé au-delà du versé"
    UNSIGNED = "unsigned", "Ordonnancé sans convention contrôlée"
    BUDGET_IN_INSTRUCTION = "budget_in_instruction", "Enveloppe, en instruction"
    BUDGET_TO_GRANT = "budget_to_grant", "Enveloppe, à accorder"
    BUDGET_GRANTED = "budget_granted", "Enveloppe, accordé"
    BUDGET_RELEASED = "budget_released", "Enveloppe, revenu au budget"
    BUDGET_PAID = "budget_paid", "Enveloppe, versé"
