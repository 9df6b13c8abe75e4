"""The terms of use: the public page, and their acceptance (A5)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, forms, queries, workflow
from accounts.middleware import before_terms


@login_not_required
@before_terms
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """`/cgu/`, for everyone."""
    return render(request, "accounts/terms.html", {"version": queries.terms_in_force()})


@before_terms
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept_terms(request: HttpRequest) -> HttpResponse:
    """Nothing else can be reached before this page is answered."""
    next_url = access.safe_next(request)
    version = queries.terms_in_force()
    user = access.person(request)
    if version is None or not user.terms_due:
        return redirect(next_url or access.landing(user))
    form = forms.TermsForm(forms.posted(request), initial={"version": version.number})
    if form.is_valid():
        if form.cleaned_data["version"] == version.number:
            workflow.accept_terms(version, by=user)
            request.session.cycle_key()
            return redirect(next_url or access.landing(user))
        form = forms.TermsForm(initial={"version": version.number})
        newer = True
    else:
        newer = False
    return render(
        request, "accounts/accept_terms.html", {"form": form, "version": version, "next": next_url, "newer": newer}
    )
