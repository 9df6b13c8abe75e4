"""Accounts in the Django admin. What happened stays: nothing is deleted here, and nobody chooses somebody else's
password."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django_otp_webauthn.models import WebAuthnAttestation, WebAuthnCredential

from accounts import access, composition, protection, workflow
from accounts.confirmation import ConfirmedAdmin
from accounts.models import EmailCode, Representation, TermsAcceptance, TermsVersion, User
from ecare.admin import Unfilterable
from establishments.admin_fields import TypedEntity

# Screens that would add or remove somebody's second step without a word to them, and groups, which give no right here
# (docs/adr/0011).
for model in (WebAuthnCredential, WebAuthnAttestation, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class RepresentationInline(TypedEntity, admin.TabularInline):
    model = Representation
    extra = 1
    readonly_fields = ("created_at",)


class TermsAcceptanceInline(admin.TabularInline):
    model = TermsAcceptance
    extra = 0
    can_delete = False
    readonly_fields = ("version", "accepted_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ConfirmedAdmin, Unfilterable, admin.ModelAdmin):
    """Roles are granted here: who is there is asked again.

    Closing an account is `is_active`; the password is chosen by the person, with a link received by e-mail."""

    list_display = ("full_name", "username", "email", "role", "is_active", "activated_at", "last_login")
    list_filter = ("role", "is_active", ("activated_at", admin.EmptyFieldListFilter), "regions")
    search_fields = ("username", "email", "last_name", "first_name")
    search_help_text = "Nom, prénom, nom d'utilisateur ou adresse e-mail"
    unfilterable = ("password",)
    show_full_result_count = False
    ordering = ("-created_at", "-pk")
    list_per_page = 50
    fields = (
        "username",
        "email",
        "civility",
        "last_name",
        "first_name",
        "phone",
        "role",
        "regions",
        "is_active",
        "activated_at",
        "created_at",
        "last_login",
        "public_id",
    )
    readonly_fields = ("activated_at", "created_at", "last_login", "public_id")
    inlines = (RepresentationInline, TermsAcceptanceInline)
    actions = ("send_password_link", "close_sessions", "forget_factors")

    @admin.display(description="nom", ordering=("last_name"))
    def full_name(self, user: User) -> str:
        return user.full_name

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Nobody gives themselves a role, nor closes the door behind the last administrator: that takes another one."""
        own = ("role", "regions", "is_active") if obj is not None and obj == request.user else ()
        return (*self.readonly_fields, *own)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data and change:
            workflow.correct_email(obj, former_email=form.initial["email"], by=access.person(request))
        elif change and {"first_name", "last_name"} & set(form.changed_data):
            composition.follow(obj)
        if not change:
            workflow.invite(obj, by=access.person(request))
            self.message_user(request, f"Un lien pour choisir un mot de passe est envoyé à {obj.email}.", messages.INFO)

    @admin.action(description="Envoyer un lien pour choisir un mot de passe")
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        opened = [user for user in queryset if user.is_active]
        for user in opened:
            workflow.invite(user, by=access.person(request))
        self.message_user(request, f"Liens envoyés : {len(opened)}.", messages.INFO)

    @admin.action(description="Fermer les sessions ouvertes")
    def close_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        closed = sum(workflow.close_sessions(user, keep=request.session.session_key) for user in queryset)
        self.message_user(request, f"Sessions fermées\u00a0: {closed}.", messages.INFO)

    @admin.action(description="Retirer les seconds facteurs d'une personne qui les a perdus")
    def forget_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        forgotten = sum(protection.forget_factors(user, by=access.person(request)) for user in queryset)
        self.message_user(
            request, f"Comptes revenus au code par e-mail : {forgotten}. Chacun en est prévenu.", messages.INFO
        )


@admin.register(TermsVersion)
class TermsVersionAdmin(admin.ModelAdmin):
    """A draft is edited then published; a published version is what people accepted and no longer changes."""

    list_display = ("__str__", "published_at", "in_force_from")
    readonly_fields = ("published_at",)
    actions = ("publish",)

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return obj is None or obj.published_at is None

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return obj is not None and obj.published_at is None

    @admin.action(description="Publier : chacun devra l'accepter dès son entrée en vigueur")
    def publish(self, request: HttpRequest, queryset: QuerySet[TermsVersion]) -> None:
        for version in queryset.order_by("number"):
            try:
                workflow.publish_terms(version)
            except workflow.Refused as refusal:
                self.message_user(request, f"{version} : {refusal}", messages.WARNING)
            else:
                self.message_user(request, f"{version} est publiée.", messages.INFO)


class ReadOnlyAdmin(admin.ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TermsAcceptance)
class TermsAcceptanceAdmin(ReadOnlyAdmin):
    list_display = ("user", "version", "accepted_at")
    list_filter = ("version",)
    list_select_related = ("user", "version")
    search_fields = ("user__username", "user__email", "user__last_name")
    date_hierarchy = "accepted_at"


@admin.register(EmailCode)
class EmailCodeAdmin(Unfilterable, ReadOnlyAdmin):
    """To answer « je ne reçois pas mon code » : when the last one was sent, how often it was asked for."""

    list_display = ("user", "sent_at", "failures", "throttling_failure_count")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "user__last_name")
    unfilterable = ("digest", "sign_in")
    fields = ("user", "sent_at", "failures", "throttling_failure_count", "throttling_failure_timestamp")
