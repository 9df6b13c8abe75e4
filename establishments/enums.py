"""Choices of the room: leaves, they import Django only."""

from django.db import models


class EstablishmentType(models.TextChoices):
    """What a user says they represent, and what a guichet is open to."""

    ESSMS = "essms", "ESSMS"
    ES = "es", "Établissement de santé"
    GHT = "ght", "GHT"


class Domain(models.TextChoices):
    """The four domains of the official nomenclature of categories."""

    SANITARY = "SAN", "Sanitaire"
    SOCIAL = "SOC", "Social et médico-social"
    TEACHING = "ENS", "Enseignement"
    ADMINISTRATION = "ADM", "Administration"


class EssmsReading(models.TextChoices):
    """Does a category fall under article L.312-1 CASF? Our reading of the nomenclature."""

    YES = "oui", "Oui"
    NO = "non", "Non"
    TO_CHECK = "a_verifier", "À vérifier"


class ImportStatus(models.TextChoices):
    DONE = "done", "Terminé"
    REFUSED = "refused", "Refusé"
    FAILED = "failed", "Interrompu"


class ChangeKind(models.TextChoices):
    """What an extract may say of an EJ or an EG that we already hold."""

    MOVED = "moved", "Rattachement à une autre entité juridique"
    RENAMED = "renamed", "Changement de raison sociale"
    CLOSED = "closed", "Fermeture"
    REOPENED = "reopened", "Réouverture"
