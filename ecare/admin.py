"""The Django admin behind the same two steps as every page (Q12)."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib import admin, auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST


class AdminSite(admin.AdminSite):
    """No sign-in form of its own: the password alone would open it. Whoever is signed in without the role of
    administrator finds nothing here."""

    site_header = "Administration d'eCaRE"
    site_title = "Administration d'eCaRE"
    index_title = "Tout ce qui s'administre"

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
            return guarded(request, *args, **kwargs)

        return update_wrapper(inner, guarded)

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
