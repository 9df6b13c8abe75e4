"""Sums that do not agree with what they are made of (docs/adr/0055)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ecare import french
from funding.enums import DiscrepancyKind
from funding.models.envelopes import Envelope
from funding.models.grants import Grant

#: What is wrong, in words.
SENTENCES = {
    DiscrepancyKind.ESTIMATE: "l'estimation retenue est de {found}, celle de la transmission de {expected}.",
    DiscrepancyKind.CEILING: "le montant après contrôle est de {found}, les contrôles donnent {expected}.",
    DiscrepancyKind.PAYABLE: "le montant payable est de {found}, les objectifs acceptés donnent {expected}.",
    DiscrepancyKind.PLANNED: "l'échéancier atteint {found}, la subvention {expected}.",
    DiscrepancyKind.ORDERED: "{found} sont ordonnancés ou versés, {expected} ont été accordés.",
    DiscrepancyKind.GIVEN_BACK: "{found} sont reversés ou à reverser, {expected} ont été versés.",
    DiscrepancyKind.UNSIGNED: "{found} sont ordonnancés ou versés sans convention contrôlée.",
    DiscrepancyKind.BUDGET_IN_INSTRUCTION: "{found} sont comptés en instruction, les dossiers donnent {expected}.",
    DiscrepancyKind.BUDGET_TO_GRANT: "{found} sont comptés à accorder, les dossiers donnent {expected}.",
    DiscrepancyKind.BUDGET_GRANTED: "{found} sont comptés comme accordés, les subventions donnent {expected}.",
    DiscrepancyKind.BUDGET_RELEASED: "{found} sont comptés comme revenus, les subventions donnent {expected}.",
    DiscrepancyKind.BUDGET_PAID: "{found} sont comptés comme versés, les paiements donnent {expected}.",
}


class Discrepancy(models.Model):
    """A sum that the nightly check found wrong, until a night finds it right. `workflow.checking` alone writes it."""

    kind = models.CharField("nature", max_length=30, choices=DiscrepancyKind.choices)
    # One of the two.
    grant = models.ForeignKey(
        Grant, models.PROTECT, null=True, blank=True, related_name="discrepancies", verbose_name="subvention"
    )
    envelope = models.ForeignKey(
        Envelope, models.CASCADE, null=True, blank=True, related_name="discrepancies", verbose_name="enveloppe"
    )
    expected = models.DecimalField("attendu (€)", max_digits=16, decimal_places=2)
    found = models.DecimalField("trouvé (€)", max_digits=16, decimal_places=2)
    found_at = models.DateTimeField("trouvé le")
    seen_at = models.DateTimeField("constaté pour la dernière fois le")
    told_at = models.DateTimeField("annoncé le", null=True, blank=True)
    gone_at = models.DateTimeField("disparu le", null=True, blank=True)

    class Meta:
        verbose_name = "écart de sommes"
        verbose_name_plural = "écarts de sommes"
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "grant"], condition=Q(gone_at=None), name="discrepancy_of_a_grant_once"
            ),
            models.UniqueConstraint(
                fields=["kind", "envelope"], condition=Q(gone_at=None), name="discrepancy_of_an_envelope_once"
            ),
            models.CheckConstraint(
                condition=Q(grant__isnull=True, envelope__isnull=False) | Q(grant__isnull=False, envelope__isnull=True),
                name="discrepancy_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(kind__in=DiscrepancyKind.values), name="discrepancy_kind_known"),
        ]
        indexes = [models.Index(fields=["seen_at"], condition=Q(gone_at=None), name="discrepancy_open")]

    def __str__(self) -> str:
        """« Dossier n° NSCQGGBPCA : le montant payable est de 7 000 €, les objectifs acceptés donnent 6 000 €. »"""
        return f"{self.subject}\u00a0: {self.sentence}"

    @property
    def subject(self) -> str:
        """The dossier or the budget that it is about."""
        if self.grant is not None:
            return f"Dossier n°\u00a0{self.grant.dossier.reference}"
        assert self.envelope is not None
        return f"Enveloppe de {self.envelope.guichet.short_title}"

    @property
    def sentence(self) -> str:
        sums = {"found": french.euros(self.found), "expected": french.euros(self.expected)}
        return SENTENCES[DiscrepancyKind(self.kind)].format(**sums)
