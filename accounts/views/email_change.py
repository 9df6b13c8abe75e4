"""Another e-mail address for one's account, confirmed from both (A7)."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, forms, links, queries, workflow
from accounts.confirmation import confirmed_with_code
from accounts.email_changes import Side
from ecare import errors, limits

# Each one writes to an address that anybody may type.
REQUESTS = limits.Rate("email-changes", 5, timedelta(hours=1))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed_with_code
def ask(request: HttpRequest) -> HttpResponse:
    """The new address. The answer is the same whether or not it is somebody's (Q8)."""
    user = access.person(request)
    form = forms.EmailChangeForm(user, forms.posted(request))
    if form.is_valid():
        attempt = limits.hit(REQUESTS, str(user.pk))
        if not attempt.accepted:
            return errors.too_many_requests(request, retry_after=attempt.retry_after)
        workflow.ask_email_change(user, new_email=form.cleaned_data["email"], by=user)
        messages.success(
            request,
            "Un lien à confirmer est envoyé à vos deux adresses, l'actuelle et la nouvelle. D'ici là, rien ne change.",
        )
        return redirect("accounts:account")
    return render(request, "accounts/email_change.html", {"form": form})


@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """« Abandonner », from the account page."""
    user = access.person(request)
    workflow.cancel_email_change(user, by=user)
    messages.success(request, "Le changement d'adresse est abandonné. Votre adresse reste la même.")
    return redirect("accounts:account")


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limits.by_address(links.REQUESTS, "POST")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of either e-mail. Opening it changes nothing, its buttons do (Q9)."""
    try:
        public_id, side = links.read_email_change(token)
    except links.Invalid:
        return _void(request)
    change = queries.email_change(public_id)
    if change is None:
        return _void(request)
    context = {"change": change, "is_former": side == Side.FORMER, "confirmed": change.is_confirmed_from(side)}
    if request.method == "POST":
        try:
            if side == Side.FORMER and "refuse" in request.POST:
                workflow.refuse_email_change(public_id)
                outcome = "refused"
            else:
                key = request.session.session_key
                outcome = workflow.confirm_email_change(public_id, side, session_key=key).value
        except workflow.Refused:
            return _void(request)
        return render(request, "accounts/email_change_settled.html", context | {"outcome": outcome})
    return render(request, "accounts/email_change_confirm.html", context)


def _void(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/email_change_void.html", status=410)
