"""The Django admin behind the same two steps as every page (Q12)."""

from collections.abc import Callable
from contextlib import suppress
from functools import update_wrapper
from ipaddress import ip_address
from typing import Any

from django.contrib import admin, auth
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecare import audit
from ecare.admin_fields import BrowserFields
from ecare.models import AuditEntry, AuditKind, HelpEntry


class Audited(admin.ModelAdmin):
    """What Django's own history of the admin is told, kept for the line of the audit log."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        request.audited = {"added": [obj._meta.label_lower, str(obj.pk)]}  # type: ignore[attr-defined]
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        request.audited = {"changed": _unnamed(message)}  # type: ignore[attr-defined]
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        gone = [[obj._meta.label_lower, str(obj.pk)] for obj in queryset]
        request.audited = {"deleted": gone}  # type: ignore[attr-defined]
        return super().log_deletions(request, queryset)


def _unnamed(message: Any) -> Any:
    """Django's message of a change without the objects of its inlines, which it calls by what they contain."""
    if not isinstance(message, list):
        return message
    return [
        {act: {key: value for key, value in what.items() if key != "object"} for act, what in part.items()}
        for part in message
    ]


class AdminSite(admin.AdminSite):
    """No sign-in form of its own: the password alone would open it. Whoever is signed in without the role of
    administrator finds nothing here."""

    site_header = "Administration d'eCaRE"
    site_title = "Administration d'eCaRE"
    index_title = "Tout ce qui s'administre"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.register(AuditEntry, AuditEntryAdmin)
        self.register(HelpEntry, HelpEntryAdmin)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and user.is_staff and user.is_verified())

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        """Every page of the admin goes through here. What is not one's own does not exist (D16)."""
        guarded = super().admin_view(view, cacheable)

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise BadRequest("PostgreSQL refuses the NUL character")  # filters are sent to it as they are
            if request.method != "POST":
                return guarded(request, *args, **kwargs)
            with transaction.atomic():
                response = guarded(request, *args, **kwargs)
                # A pop-up answers 200 to the form that it accepts.
                accepted = response.status_code == 302 or hasattr(request, "audited")
                if accepted and self.has_permission(request):
                    self.tell(request, kwargs)
                return response

        return update_wrapper(inner, guarded)

    def tell(self, request: HttpRequest, kwargs: dict[str, Any]) -> None:
        """One line of the audit log for each form of the admin that was accepted, in the transaction of what it did:
        the page, the object, the action or the fields that changed, never what they contain."""
        match = request.resolver_match
        detail: dict[str, Any] = {"view": match.view_name if match else "", **getattr(request, "audited", {})}
        if action := request.POST.get("action"):
            detail |= {"action": action, "objects": request.POST.getlist("_selected_action")[:1000]}
        subject = ", ".join(str(value) for value in kwargs.values())
        audit.record(AuditKind.ADMINISTERED, by=request.user, subject=subject, **detail)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        base = admin_class or admin.ModelAdmin
        names = {"__module__": base.__module__, "__doc__": base.__doc__}
        told = type(base.__name__, (Audited, BrowserFields, base), names)
        super().register(model_or_iterable, told, **options)

    @method_decorator(never_cache)
    @login_not_required
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Where the admin sends whoever is not signed in: to the one sign-in page."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), reverse("accounts:sign-in"))

    @method_decorator(require_POST)
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        auth.logout(request)
        return redirect("accounts:sign-in")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One page changes a password: the one that ends the other sessions and sends a notice (A6)."""
        return redirect("accounts:password-change")


class Unfilterable:
    """Mixin of ModelAdmin: `unfilterable` names fields that no page shows. The address of a list filters by any field
    (`?text__contains=…`): counting what is found would read them letter by letter."""

    unfilterable: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if lookup.split("__")[0] in self.unfilterable:
            return False
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        return allowed


class BoundedPaginator(Paginator):
    """Pages that never count millions of rows: beyond `most`, filters find more than pages."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[: self.most])


class HelpEntryAdmin(admin.ModelAdmin):
    """The questions of `/aide/`. An anchor does not change: forms and bookmarks name it."""

    list_display = ("question", "category", "position", "published", "anchor")
    list_filter = ("category", "published")
    list_editable = ("position", "published")
    search_fields = ("question", "answer", "anchor")
    fields = ("category", "position", "question", "anchor", "answer", "published")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("anchor",) if obj else ()


class AuditEntryAdmin(admin.ModelAdmin):
    """The audit log, read only."""

    list_display = ("at", "kind", "actor", "actor_role", "address", "subject", "detail")
    list_filter = ("at", "kind")
    search_fields = ("subject",)
    search_help_text = "Objet (référence d'un dossier…), adresse IP, nom d'utilisateur ou adresse e-mail de l'auteur"
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False

    @admin.display(description="compte", ordering="actor_id")
    def actor(self, entry: AuditEntry) -> str:
        return "" if entry.actor_id is None else f"n° {entry.actor_id}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        people = get_user_model()._default_manager.filter(Q(username__iexact=term) | Q(email__iexact=term))
        found = Q(subject=term) | Q(actor_id__in=people.values("pk"))
        with suppress(ValueError):
            found |= Q(address=str(ip_address(term)))
        return queryset.filter(found), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
