from __future__ import annotations

from django.contrib import admin

from funding.models import Envelope


@admin.register(Envelope)
class EnvelopeAdmin(admin.ModelAdmin):
    """What a guichet says of its money."""

    list_display = ("guichet", "budget", "agreement_from", "expenses_from", "expenses_until")
    list_select_related = ("guichet",)
    search_fields = ("guichet__code", "guichet__short_title")
