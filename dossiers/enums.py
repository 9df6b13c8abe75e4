"""Choices of the room. A leaf: imports Django only."""

from django.db import models


class Status(models.TextChoices):
    """Status of a dossier on one étape (product.md, « Statuses of an étape »)."""

    DRAFT = "draft", "Brouillon"
    TRANSMITTED = "transmitted", "Transmis"
    MODIFICATION_REQUESTED = "modification_requested", "Modification demandée"
    VALIDATED = "validated", "Validé"
    REJECTED = "rejected", "Rejeté"


class StageKind(models.TextChoices):
    APPLICATION = "application", "Candidature"
    AGREEMENT = "agreement", "Conventionnement"
    OBJECTIVES = "objectives", "Atteinte des objectifs"
    CONTROL = "control", "Contrôle"
    ASSESSMENT = "assessment", "Autoévaluation"


class RegionalRole(models.TextChoices):
    """What an instructeur régional may do on a guichet, within his régions."""

    NONE = "none", "Aucun accès"
    READ = "read", "Lecture"
    INSTRUCT = "instruct", "Instruction"


class QuestionKind(models.TextChoices):
    COMMITMENT = "commitment", "Engagement à cocher"
    SINGLE_CHOICE = "single_choice", "Choix unique"
    MULTIPLE_CHOICE = "multiple_choice", "Choix multiple"
    SHORT_TEXT = "short_text", "Texte court"
    LONG_TEXT = "long_text", "Texte long"
    CONTACT = "contact", "Contact"
    BANK = "bank", "Coordonnées bancaires"
    PERIMETER = "perimeter", "Périmètre d'entités géographiques"
    FILES = "files", "Pièces jointes"
    AIDS = "aids", "Tableau d'aides"


class EventKind(models.TextChoices):
    CREATED = "created", "Dossier créé"
    TRANSMITTED = "transmitted", "Dossier transmis"
    MODIFICATION_REQUESTED = "modification_requested", "Modification demandée"
    VALIDATED = "validated", "Étape validée"
    REJECTED = "rejected", "Étape rejetée"
    REOPENED = "reopened", "Étape rouverte"
    TRANSFERRED = "transferred", "Dossier transféré"
    FILE_ADDED = "file_added", "Pièce déposée"
    FILE_ARCHIVED = "file_archived", "Pièce archivée"


class MilestoneColumn(models.TextChoices):
    COMPANIES = "companies", "Entreprises du numérique en santé"
    ESTABLISHMENTS = "establishments", "Établissements"
