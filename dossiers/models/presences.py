"""Who has a dossier open in the back-office (I2b)."""

from django.conf import settings
from django.db import models

from dossiers.models.dossiers import Dossier


class Presence(models.Model):
    """The last sign that somebody of instruction has a dossier before them. Its page says so while it is open."""

    dossier = models.ForeignKey(Dossier, models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField("vu le", db_index=True)

    class Meta:
        verbose_name = "présence"
        constraints = [models.UniqueConstraint(fields=["dossier", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.dossier_id} – {self.user_id}"
