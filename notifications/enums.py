from django.db import models


class State(models.TextChoices):
    """Where an e-mail is. « En échec » is shown early, long before one stops trying (Q47)."""

    QUEUED = "queued", "En attente"
    SENT = "sent", "Envoyé"
    FAILED = "failed", "En échec"
    EXPIRED = "expired", "Périmé"
