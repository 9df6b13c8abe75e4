"""The sums that do not agree: read here, written by the nightly check alone (docs/adr/0055)."""

from __future__ import annotations

from django.contrib import admin

from dossiers.admin.dossiers import ReadOnly
from funding.models import Discrepancy


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("about", "kind", "expected", "found", "found_at", "gone_at")
    list_filter = (("gone_at", admin.EmptyFieldListFilter), "kind")
    list_select_related = ("grant__dossier", "envelope__guichet")
    fields = ("about", "kind", "sentence", "expected", "found", "found_at", "seen_at", "told_at", "gone_at")

    @admin.display(description="dossier ou enveloppe")
    def about(self, row: Discrepancy) -> str:
        return row.subject

    @admin.display(description="écart")
    def sentence(self, row: Discrepancy) -> str:
        return row.sentence
