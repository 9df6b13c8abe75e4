"""Payments, controls and their interviews: read here, written by the pages of the portal alone (F7)."""

from django.contrib import admin

from dossiers.admin.dossiers import ReadOnly
from funding.models import Control, Interview, Payment


@admin.register(Payment)
class PaymentAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("reference", "kind", "amount", "due_on", "state", "paid_on")
    list_filter = ("state", "kind")
    list_select_related = ("grant__dossier",)
    fields = (*list_display, "transfer", "grant", "prepared_by", "prepared_at")


@admin.register(Control)
class ControlAdmin(ReadOnly):
    dossier_path = "grant__dossier__"
    list_display = ("grant", "number", "state", "due_on", "opened_at", "closed_at", "ceiling")
    list_filter = ("state",)
    list_select_related = ("grant__dossier",)
    fields = (*list_display, "documents", "opened_by", "closed_by", "reason")


@admin.register(Interview)
class InterviewAdmin(ReadOnly):
    dossier_path = "control__grant__dossier__"
    list_display = ("control", "noted_by", "noted_at")
    list_select_related = ("control__grant__dossier", "noted_by")
    fields = (*list_display, "text")
