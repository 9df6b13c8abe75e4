"""Views of the back-office's list that people keep (I1)."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

NAME_TAKEN = "Une de vos vues porte déjà ce nom\u00a0: choisissez-en un autre."
#: Of what is kept of a list as its address writes it: by a view, an export, a batch.
LONGEST_QUERY = 2_000


class SavedView(models.Model):
    """A list as its address writes it (filters, sort, columns), under a name; the team's when it is shared."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField("nom", max_length=60)
    query = models.CharField("filtres", max_length=LONGEST_QUERY, blank=True)
    is_shared = models.BooleanField("partagée avec l'équipe", default=False)
    created_at = models.DateTimeField("créée le", default=timezone.now)

    class Meta:
        verbose_name = "vue enregistrée"
        verbose_name_plural = "vues enregistrées"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"], name="saved_view_name_once", violation_error_message=NAME_TAKEN
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_view_named"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def parameters(self) -> str:
        """What leads to it: the address of the list follows it with nothing else."""
        return f"{self.query}&vue={self.public_id}" if self.query else f"vue={self.public_id}"


class DefaultView(models.Model):
    """The view that the list opens on for somebody, their own or a shared one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    view = models.ForeignKey(SavedView, models.CASCADE, related_name="defaults")

    class Meta:
        verbose_name = "vue par défaut"
        verbose_name_plural = "vues par défaut"

    def __str__(self) -> str:
        return f"{self.user_id} – {self.view_id}"
