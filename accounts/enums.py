"""Choices of the accounts room. A leaf: imports Django only."""

from django.db import models


class Civility(models.TextChoices):
    MADAME = "madame", "Madame"
    MONSIEUR = "monsieur", "Monsieur"


class Role(models.TextChoices):
    """What an account may do. An account has exactly one role; nothing else grants a right."""

    REFERENT = "referent", "Référent"
    VERIFIER = "verifier", "Vérificateur ANS"
    REGIONAL = "regional", "Instructeur régional"
    LEAD = "lead", "Responsable d'instruction"
    ADMIN = "admin", "Administrateur"


INSTRUCTORS = frozenset({Role.VERIFIER, Role.REGIONAL, Role.LEAD})
STAFF = INSTRUCTORS | {Role.ADMIN}


class Digest(models.TextChoices):
    """Of which dossiers somebody who instructs is told every morning (N1)."""

    NONE = "none", "Aucun"
    MINE = "mine", "Sur les dossiers que j'instruis"
    ALL = "all", "Sur tous les dossiers que je peux lire"
