from django.db import models


class State(models.TextChoices):
    """Where an e-mail is. « En échec » is shown early, long before one stops trying (Q47)."""

    QUEUED = "queued", "En attente"
    SENT = "sent", "Envoyé"
    FAILED = "failed", "En échec"
    EXPIRED = "expired", "Périmé"


#: In place of the address of somebody who left.
FORGOTTEN = "adresse supprimée"
#: Where the address of an account that was deleted stands: nobody is ever there (RFC 2606).
NOWHERE = "compte-supprime.invalid"
