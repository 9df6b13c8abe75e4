from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest

from ecare import french
from ecare.admin import Unfilterable
from notifications import delivery
from notifications.models import Email, EmailQuerySet


@admin.register(Email)
class EmailAdmin(Unfilterable, admin.ModelAdmin):
    """What left, what waits, what failed. Read-only: the one thing to do is to send again what failed (N3)."""

    list_display = ("subject", "to", "state", "last_error", "created_at", "next_attempt_at")
    list_filter = ("state", "is_code", "created_at")
    # Both use an index, whatever the volume: a reference as it is, the beginning of an address.
    search_fields = ("about__exact", "to__istartswith")
    search_help_text = "Référence d'un dossier, ou début d'une adresse électronique"
    unfilterable = ("text", "html")
    ordering = ("-created_at", "-pk")
    show_full_result_count = False
    list_per_page = 50
    actions = ("send_again",)
    fields = (
        "subject",
        "to",
        "kind",
        "about",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "next_attempt_at",
        "sent_at",
        "message_id",
        "body",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_email")

    @admin.display(description="texte")
    def body(self, email: Email) -> str:
        """What is about no dossier carries a code or a link that opens an account: nobody reads it here (Q3)."""
        if email.is_code or not email.about:
            return "Non affiché : ce message contient un code, un lien ou des informations personnelles."
        return email.text

    @admin.action(description="Renvoyer les e-mails en échec", permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: EmailQuerySet) -> None:
        emails = delivery.resend(queryset)
        if not emails:
            text = "Aucun e-mail à renvoyer : choisissez des e-mails « En échec » dont le texte est conservé."
            self.message_user(request, text, messages.WARNING)
            return
        for email in emails:
            self.log_change(request, email, "Renvoyé")
        self.message_user(request, f"{french.count(len(emails), 'e-mail repart', 'e-mails repartent')}.")
